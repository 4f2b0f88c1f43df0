import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RedisServer } from "../../../packages/redis/test/redis-server.ts";
import { Program } from "../../cli/program.ts";
import { Client, Refused } from "../native/client.ts";
import { NODES } from "../native/target.ts";
import { seconds, sign } from "../native/tokens.ts";
import { received, receivedOnce } from "./plazer.ts";

const secret = "the secret of an application with routes";

function token(userId: string, orgId: string): string {
  const now = seconds();
  return sign({ sub: userId, orgId, iat: now, exp: now + 600 }, { secret });
}

describe.each(["express", "express-4", "fastify"])("7. the set-up for %s", (host) => {
  const clients: Client[] = [];
  const programs: Program[] = [];
  let redis: RedisServer | undefined;
  /** Where the application is called, and messages are sent. */
  let url: string;
  /** Where they are heard: at another host of the same application, where targets have several nodes. */
  let listeningUrl: string;

  async function connect(given: string, at = listeningUrl): Promise<Client> {
    const client = await Client.open(at, { token: given });
    clients.push(client);
    return client;
  }

  /** The same, once commands are carried out: then the session stands where it is to stand. */
  async function settled(given: string, at?: string): Promise<Client> {
    const client = await connect(given, at);
    expect(await client.ask("leave", { room: "nowhere" })).toEqual({ ok: true });
    return client;
  }

  async function call(path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
    const response = await fetch(`${url}${path}`, {
      ...(body === undefined
        ? undefined
        : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(10_000),
    });
    return { status: response.status, body: response.ok ? await response.json() : await response.text() };
  }

  beforeAll(async () => {
    const file = fileURLToPath(new URL(`hosts/${host}.mjs`, import.meta.url));
    if (NODES > 1) redis = await RedisServer.start();
    const env = { JWT_SECRET: secret, ...(redis === undefined ? undefined : { REDIS_URL: redis.url }) };
    for (let n = 0; n < NODES; n++) programs.push(new Program(process.execPath, [file], { env }));
    const urls = await Promise.all(
      programs.map(async (program) => (await program.written(/http:\/\/[\w.:[\]]+:\d+/))[0]),
    );
    [url, listeningUrl] = [urls[0] as string, urls.at(-1) as string];
  });

  afterAll(async () => {
    for (const client of clients) client.close();
    for (const program of programs) program.kill("SIGTERM");
    for (const program of programs) expect((await program.end()).code, program.stderr).toBe(0);
    await redis?.stop();
  });

  it("serves the application's routes, also while clients are connected and after they were refused", async () => {
    const routes = async (): Promise<void> => {
      expect(await call("/hello")).toEqual({ status: 200, body: { from: host } });
      expect(await call("/echo", { a: [1] })).toEqual({ status: 201, body: { a: [1] } });
      expect(await call("/nowhere")).toMatchObject({ status: 404 });
    };
    await routes();
    await connect(token("ann", "acme"), url);
    await expect(connect("nonsense", url)).rejects.toThrow(Refused);
    await routes();
    // A path that only begins like the gateway's is the application's.
    expect(await call("/socket.io-not")).toMatchObject({ status: 404 });
  });

  it("serves clients: a message, a notification, a refused token", async () => {
    const [ann, bob, foreign] = [
      await settled(token("ann", "acme"), url),
      await settled(token("bob", "acme")),
      await settled(token("bob", "other")),
    ];
    expect(await ann.ask("message", { room: "org:acme", data: { text: "Hello" } })).toEqual({ ok: true });
    for (const client of [ann, bob]) {
      expect(await receivedOnce(client, "message", 1)).toMatchObject([{ userId: "ann", data: { text: "Hello" } }]);
    }
    expect(await call("/notify/acme/bob", { text: "A task" })).toEqual({ status: 200, body: { delivered: 1 } });
    expect(await receivedOnce(bob, "notification", 1)).toEqual([{ text: "A task" }]);
    await foreign.ask("message", { room: "org:other", data: "fence" });
    await receivedOnce(foreign, "message", 1);
    expect(received(foreign, "message")).toMatchObject([{ data: "fence" }]);
    expect(received(foreign, "notification")).toEqual([]);
    const refusal = connect(sign({ sub: "ann", exp: seconds() - 60 }, { secret }));
    await expect(refusal).rejects.toMatchObject({
      message: "Authentication error",
      data: { code: "TOKEN_EXPIRED", message: expect.any(String), retryable: true },
    });
  });
});

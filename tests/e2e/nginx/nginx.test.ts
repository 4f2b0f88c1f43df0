import { once } from "node:events";
import { Agent, createServer, request, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { io, type ManagerOptions, type Socket } from "socket.io-client";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { CONNECT } from "../../conformance/twake/client.ts";
import { LanguageClient, LANGUAGES } from "../languages/clients.ts";
import { until } from "../node.ts";
import { Nginx } from "./nginx.ts";
import { NodesBehindNginx, PER_SECOND } from "./nodes.ts";

const HANDSHAKE = "/socket.io/?EIO=4&transport=polling";

let set: NodesBehindNginx;
/** Two addresses for each node, whose clients nginx brings to it. */
let addresses: readonly [readonly string[], readonly string[]];
beforeAll(async () => {
  set = await NodesBehindNginx.start();
  addresses = await findAddresses();
});
afterAll(async () => {
  await set.close();
});

const cleanUp: (() => void)[] = [];
afterEach(leave);

/** Ends all clients, and waits until the nodes know. */
async function leave(): Promise<void> {
  for (const step of cleanUp.splice(0)) step();
  await until(
    () => set.sessions.every((count) => count === 0),
    () => `all clients to be gone: ${set.sessions.join(", ")}`,
  );
}

/** How a client connects whose machine has this address: each process has all of 127.0.0.0/8. */
function from(address: string): Partial<ManagerOptions> {
  const agent = new Agent({ localAddress: address, keepAlive: true });
  cleanUp.push(() => agent.destroy());
  // A text in the types, and an agent in Node.
  return { agent: agent as unknown as string };
}

/** Asks for a path from an address. */
async function ask(path: string, address: string, headers: Record<string, string> = {}) {
  const sent = request(set.nginx.url + path, { localAddress: address, headers, agent: false }).end();
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  let body = "";
  for await (const piece of response.setEncoding("utf8")) body += String(piece);
  return { status: response.statusCode, headers: response.headers, body };
}

async function findAddresses(): Promise<readonly [readonly string[], readonly string[]]> {
  const found: [string[], string[]] = [[], []];
  for (let host = 2; found[0].length < 2 || found[1].length < 2; host++) {
    expect(host, "nginx brings all addresses to one node").toBeLessThan(250);
    const address = `127.1.0.${host}`;
    await connect("native", "probe", address, ["websocket"]);
    const node = set.sessions[0] > 0 ? 0 : 1;
    if (found[node].length < 2) found[node].push(address);
    await leave();
  }
  return found;
}

async function connect(
  language: (typeof LANGUAGES)[number],
  userId: string,
  address: string,
  transports: string[],
): Promise<LanguageClient> {
  const how = { transports, ...from(address) };
  const client = await LanguageClient.connect(language, set.nginx.url, set, { userId, tenantId: "acme" }, how);
  cleanUp.push(() => client.close());
  return client;
}

describe("docs/nginx.conf, in front of two nodes", () => {
  it.each([[["polling"]], [["websocket"]], [["polling", "websocket"]]])(
    "serves clients of all languages by %j, wherever they come from",
    async (transports) => {
      const channel = `talk-${transports.join("-")}`;
      const clients = await Promise.all(
        addresses
          .flat()
          .flatMap((address) => LANGUAGES.map((language) => connect(language, "ann", address, transports))),
      );
      expect(set.sessions).toEqual([clients.length / 2, clients.length / 2]);
      for (const { socket } of clients) {
        await until(
          () => socket.io.engine.transport.name === transports.at(-1),
          () => `the transport ${transports.at(-1)}`,
        );
      }
      for (const client of clients)
        expect([client.language, await client.follow(channel)]).toEqual([client.language, undefined]);

      const heard = (client: LanguageClient, text: string): number =>
        client.heard.filter((frame) => JSON.stringify(frame).includes(text)).length;
      // One of each language on each node says something, and all hear it once.
      const ends = [...clients.slice(0, LANGUAGES.length), ...clients.slice(-LANGUAGES.length)];
      // Clients of Steedos only listen.
      const speakers = ends.filter(({ language }) => language !== "steedos");
      const said: string[] = [];
      for (const [n, speaker] of speakers.entries()) {
        said.push(`said-${n}-${speaker.language}`);
        expect(await speaker.publish(channel, { text: said.at(-1) })).toBeUndefined();
      }
      for (const client of clients) {
        await client.until(() => said.every((text) => heard(client, text) > 0), `all of ${said.length} events`);
        expect(said.map((text) => heard(client, text))).toEqual(said.map(() => 1));
      }
    },
  );

  it.each(["polling", "websocket"])("serves clients of Socket.IO 2 by %s", async (transport) => {
    for (const address of addresses.flat()) {
      const options = { path: "/socket/", transports: [transport], forceNew: true, reconnection: false };
      const socket = CONNECT[2](set.nginx.url, { ...options, ...from(address) });
      cleanUp.push(() => socket.disconnect());
      const authenticated = new Promise((resolve) => socket.once("authenticated", resolve));
      socket.once("connect", () => socket.emit("authenticate", { token: set.token("ann", "acme") }));
      await authenticated;
      const joined = new Promise((resolve) => socket.once("realtime:join:success", resolve));
      socket.emit("realtime:join", { name: "old" });
      expect(await joined).toEqual({ name: "old" });
    }
  });

  it("passes on what is no client's: the application, REST and large bodies", async () => {
    expect(await ask("/page?a=b", "127.0.0.1")).toMatchObject({ status: 200, body: "application /page?a=b" });
    expect(await ask("/ready", "127.0.0.1")).toMatchObject({ status: 200, body: '{"status":"ready"}' });
    // Comes from elsewhere, whatever the address of the socket is.
    expect(await ask("/metrics", "127.0.0.1")).toMatchObject({ status: 403 });
    const [address] = addresses[0];
    const client = await connect("native", "ann", String(address), ["polling"]);
    await client.follow("large");
    const data = "x".repeat(60_000);
    expect(await client.ask("publish", { channel: "large", event: "e", data })).toMatchObject({ ok: true });
    expect(set.nginx.log).toBe("");
  });

  it("tells nodes the addresses of clients, and only nginx does", async () => {
    const tries = Array.from({ length: 10 * PER_SECOND }, (_, n) => n);
    const [address = ""] = addresses[0];
    const refusedOf = async (headers: (n: number) => Record<string, string>): Promise<number> => {
      const answers = await Promise.all(tries.map((n) => ask(HANDSHAKE, address, headers(n))));
      for (const { status, headers: sent } of answers.filter((answer) => answer.status !== 200))
        expect([status, sent["retry-after"]]).toEqual([429, "2"]);
      return answers.filter(({ status }) => status !== 200).length;
    };
    expect(await refusedOf(() => ({}))).toBeGreaterThan(0);
    // Not from that one, though from the same machine as the nodes see it; and so does no other.
    expect(await refusedOf((n) => ({ "X-Forwarded-For": `10.0.0.${n}` }))).toBeGreaterThan(0);
    const others = await Promise.all(tries.map((n) => ask(HANDSHAKE, `127.2.0.${n + 1}`)));
    expect(others.map(({ status }) => status)).toEqual(tries.map(() => 200));
  });

  it("tells nodes the address of the page, so that cookies log in from there and from nowhere else", async () => {
    const visit = async (origin: string): Promise<Socket> => {
      const socket = io(set.nginx.url, {
        transports: ["polling", "websocket"],
        extraHeaders: { Cookie: "X-Space-Id=acme; X-Auth-Token=of-ann", Origin: origin },
        forceNew: true,
        reconnection: false,
        ...from("127.3.0.1"),
      });
      cleanUp.push(() => socket.disconnect());
      return socket;
    };
    const own = await visit(set.nginx.url);
    await new Promise((resolve) => own.once("connection-init", resolve));
    const foreign = await visit(set.nginx.url.replace("http:", "https:"));
    const error = await new Promise<Error & { data?: unknown }>((resolve) => foreign.once("connect_error", resolve));
    expect(JSON.stringify([error.message, error.data])).toContain("FORBIDDEN");
  });

  // The last: it ends a node.
  it("brings the clients of a node that drains to the other one", async () => {
    const sockets = addresses.flat().flatMap((address) =>
      [["polling"], ["websocket"]].map((transports) => {
        const auth = { token: set.token("ann", "acme") };
        const socket = io(set.nginx.url, { auth, transports, forceNew: true, reconnectionDelay: 50, ...from(address) });
        cleanUp.push(() => socket.disconnect());
        return socket;
      }),
    );
    const half = sockets.length / 2;
    await until(
      () => set.sessions[0] === half && set.sessions[1] === half,
      () => `sessions on both nodes: ${set.sessions.join(", ")}`,
    );
    await set.nodes[0].close();
    await until(
      () => set.sessions[1] === sockets.length && sockets.every(({ connected }) => connected),
      () => `all sessions on the other node: ${set.sessions.join(", ")}`,
    );
    for (const socket of sockets)
      expect(await socket.emitWithAck("subscribe", { topic: "after" })).toMatchObject({ ok: true });
  });
});

describe("docs/nginx.conf, in front of an application", () => {
  it("leaves a client with its node when an address of the application's own answers 503", async () => {
    const servers = [0, 1].map((n) =>
      createServer(({ url }, response) => {
        response.statusCode = url === "/busy" ? 503 : 200;
        response.end(String(n));
      }).listen(0, "127.0.0.1"),
    );
    await Promise.all(servers.map((server) => once(server, "listening")));
    const [first, second] = servers.map((server) => (server.address() as AddressInfo).port) as [number, number];
    const nginx = await Nginx.start([first, second]);
    try {
      const get = async (path: string) => {
        const response = await fetch(nginx.url + path);
        return { status: response.status, node: await response.text() };
      };
      const { node } = await get("/");
      expect(await get("/busy")).toEqual({ status: 503, node });
      expect(await get("/")).toEqual({ status: 200, node });
    } finally {
      await nginx.stop();
      for (const server of servers) server.close();
    }
  });
});

import { afterEach, describe, expect, it } from "vitest";
import { Client } from "./client.ts";
import { RawLink } from "./raw.ts";
import { startTarget, type Target } from "./target.ts";
import { seconds, sign } from "./tokens.ts";

const targets = new Set<Target>();
afterEach(async () => {
  for (const target of targets) await target.stop();
  targets.clear();
});

// Ending a target takes its process, so that these always have one of their own.
describe("a target that shuts down", () => {
  it("says `closing` SHUTTING_DOWN, refuses handshakes with HTTP 503, is not ready, and ends with code 0", async () => {
    const target = await startTarget("main");
    targets.add(target);
    const [[url], [program]] = [target.urls, target.programs];
    const token = sign({ sub: "ann", tenantId: "t", iat: seconds(), exp: seconds() + 60 }, { secret: target.secret });
    // These keep the node from being done at once: they are slow to hear that they should go.
    const [client, sleeper] = [await Client.connect(url, { token }), await Client.connect(url, { token })];
    const { ws } = sleeper.socket.io.engine.transport as unknown as { ws: { pause(): void; resume(): void } };
    ws.pause();
    expect((await fetch(`${url}/ready`)).status).toBe(200);
    // Those of another node hear nothing of it.
    const elsewhere = await Promise.all(target.urls.slice(1).map((other) => Client.connect(other, { token })));

    program?.kill("SIGTERM");
    expect(await client.push("closing")).toEqual({
      code: "SHUTTING_DOWN",
      message: expect.any(String),
      reconnect: true,
    });
    expect(await client.ended()).toBe("transport close");
    // A link that stands while the listener may have gone.
    const answers = await Promise.allSettled([
      RawLink.open(url),
      fetch(`${url}/socket.io/?EIO=4&transport=polling`),
      fetch(`${url}/ready`),
    ]);
    for (const answer of answers) {
      if (answer.status === "fulfilled") expect(answer.value.status).toBe(503);
    }
    ws.resume();
    expect(await sleeper.push("closing")).toMatchObject({ code: "SHUTTING_DOWN" });
    await sleeper.ended();
    // Waits only: a second signal might come when its process is already being taken down.
    expect((await program?.end())?.code).toBe(0);
    for (const other of target.urls.slice(1)) expect((await fetch(`${other}/ready`)).status).toBe(200);
    for (const other of elsewhere) {
      expect(await other.ok("direct", { to: { userId: "ann" }, event: "e" })).toMatchObject({ delivered: 1 });
      expect([other.reason, other.pushes("closing")]).toEqual([undefined, []]);
      other.close();
    }
  });
});

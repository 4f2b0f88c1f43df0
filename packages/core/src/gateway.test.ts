import { describe, expect, it } from "vitest";
import { TestGateway } from "./testing/index.ts";

describe("Gateway", () => {
  it("greets, carries an event from one client to another, and recovers what one missed", async () => {
    const test = new TestGateway();
    const alice = await test.connect();
    const bob = await test.connect({ userId: "bob" });
    expect(alice.received("session")[0]).toMatchObject({ protocol: 1, socketId: alice.id, userId: "alice" });

    const subscribed = await alice.request("subscribe", { topic: "chat:1" });
    expect(subscribed).toMatchObject({ ok: true, position: { offset: 0 } });
    expect(await bob.request("publish", { channel: "chat:1", event: "message", data: 1 })).toMatchObject({
      ok: false,
      error: { code: "FORBIDDEN" },
    });
    const joined = await bob.request("join", { channel: "chat:1" });
    expect(joined).toMatchObject({ ok: true, total: 1, members: [{ userId: "bob" }] });
    expect(await bob.request("publish", { channel: "chat:1", event: "message", data: { n: 1 } })).toMatchObject({
      ok: true,
      position: { offset: 1 },
    });
    expect(alice.events()).toMatchObject([{ topic: "chat:1", event: "message", payload: { n: 1 }, source: "socket" }]);

    alice.leave();
    await bob.request("publish", { channel: "chat:1", event: "message", data: { n: 2 } });
    const again = await test.connect();
    const recovered = await again.request("subscribe", { topic: "chat:1", since: alice.events()[0]?.position });
    expect(recovered).toMatchObject({ ok: true, recovered: true, events: [{ payload: { n: 2 } }] });
  });
});

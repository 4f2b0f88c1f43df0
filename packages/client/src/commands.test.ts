import { describe, expect, it } from "vitest";
import { no, ok, start } from "../test/script.ts";

describe("commands", () => {
  it("sends a publication again with the same id and data until it is answered", async () => {
    const { script, client } = await start();
    const data = { n: 1 };
    const published = client.socketClient.publish("c", "e", data);
    data.n = 2;
    script.link.open();
    script.link.end();
    await script.advance(1000);
    script.link.open();
    const [first] = script.links[0]?.of("publish") ?? [];
    const [second] = script.link.of("publish");
    expect(second?.payload).toEqual(first?.payload);
    expect(second?.payload).toMatchObject({ channel: "c", event: "e", data: { n: 1 } });
    second?.answer(no("RATE_LIMITED", true, { retryAfterMs: 3000 }));
    await script.advance(2999);
    expect(script.link.of("publish")).toHaveLength(1);
    await script.advance(1000);
    script.link.of("publish")[1]?.answer(no("UNAVAILABLE", true));
    await script.advance(10_000);
    expect(script.link.of("publish")).toHaveLength(3);
    script.link.of("publish")[2]?.answer(ok({ id: second?.payload["id"], position: { epoch: "e", offset: 1 } }));
    expect(await published).toEqual({ id: second?.payload["id"], position: { epoch: "e", offset: 1 } });
  });

  it("does not send it again when the server may have forgotten the first time", async () => {
    const { script, client } = await start();
    script.link.open();
    const published = client.socketClient.publish("c", "e");
    const outcome = expect(published).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await script.advance(300_000);
    expect(script.link.of("publish").length).toBeGreaterThan(20);
    expect(script.now()).toBe(300_000);
    await outcome;
  });

  it("rejects what cannot be repeated when its answer is lost, and what JSON cannot hold", async () => {
    const { script, client } = await start();
    const waiting = client.socketClient.directMessage("s2", "e");
    script.link.open();
    script.link.end();
    await expect(waiting).rejects.toMatchObject({ code: "UNAVAILABLE", retryable: true });
    await script.advance(1000);
    script.link.open();
    const silent = client.socketClient.members("c");
    const outcome = expect(silent).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await script.advance(10_000);
    await outcome;
    const circular: Record<string, unknown> = {};
    circular["self"] = circular;
    for (const data of [circular, 1n, { file: new Uint8Array(1) }, { file: new ArrayBuffer(1) }]) {
      await expect(client.socketClient.publish("c", "e", data)).rejects.toMatchObject({ code: "INVALID_PAYLOAD" });
    }
  });

  it("sends what it reads first, and keeps publications back while the server will not have us read", async () => {
    const { script, client } = await start();
    const published = client.socketClient.publish("c", "e");
    client.subscribe({ topic: "c" });
    script.link.open();
    expect(script.link.sent.map(({ event }) => event)).toEqual(["subscribe", "publish"]);
    script.link.of("subscribe")[0]?.answer(no("UNAVAILABLE", true));
    script.link.of("publish")[0]?.answer(ok({ id: "1" }));
    await published;
    const second = client.socketClient.publish("c", "e");
    expect(script.link.of("publish")).toHaveLength(1);
    await script.advance(500);
    script.link.of("subscribe")[1]?.answer(ok({ subscriptionId: "sub_1" }));
    expect(script.link.of("publish")).toHaveLength(2);
    script.link.of("publish")[1]?.answer(ok({ id: "2" }));
    expect(await second).toEqual({ id: "2" });
  });

  it("rejects all that waits on disconnect()", async () => {
    const { script, client, states } = await start();
    const all = [
      client.socketClient.publish("c", "e"),
      client.socketClient.joinChannel("c"),
      client.socketClient.history("c"),
    ];
    client.disconnect();
    for (const one of all) await expect(one).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await script.advance(60_000);
    expect(states).toEqual(["disconnected"]);
    expect(script.links).toHaveLength(1);
  });
});

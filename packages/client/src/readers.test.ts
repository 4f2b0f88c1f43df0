import { afterEach, describe, expect, it, vi } from "vitest";
import { no, ok, refusal, start } from "../test/script.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

describe("readers", () => {
  it("gives up a connection that does not answer a subscription", async () => {
    const { script, client } = await start();
    client.subscribe({ topic: "c" });
    script.link.open();
    await script.advance(11_000);
    expect(script.links).toHaveLength(2);
    expect(client.state).toBe("reconnecting");
  });

  it("has patience with a server that answers slowly, one after the other", async () => {
    const { script, client } = await start();
    for (let i = 0; i < 5; i++) client.subscribe({ topic: `c${i}` });
    script.link.open();
    for (const { payload, answer } of script.link.of("subscribe")) {
      await script.advance(9000);
      answer(ok({ subscriptionId: payload["subscriptionId"] }));
    }
    await script.advance(60_000);
    expect(script.links).toHaveLength(1);
    expect(client.state).toBe("connected");
  });

  it("asks for all that reads a channel again when the server ended something there", async () => {
    const { script, client, errors } = await start();
    client.subscribe({ topic: "c" });
    client.subscribe({ topic: "c", filter: { a: 1 } });
    script.link.open();
    const position = { epoch: "e", offset: 3 };
    for (const { payload, answer } of script.link.of("subscribe"))
      answer(ok({ subscriptionId: payload["subscriptionId"], position }));
    script.link.push("error", { ...refusal("FORBIDDEN"), channel: "c" });
    const again = script.link.of("subscribe").slice(2);
    expect(again.map(({ payload }) => payload)).toEqual([
      { topic: "c", subscriptionId: "sub_1", since: position },
      { topic: "c", subscriptionId: "sub_2", filter: { a: 1 }, since: position },
    ]);
    again[0]?.answer(ok({ subscriptionId: "sub_1", position, recovered: true, events: [] }));
    again[1]?.answer(no("FORBIDDEN"));
    expect(errors).toMatchObject([{ code: "FORBIDDEN", channel: "c", subscriptionId: "sub_2" }]);
    script.link.end();
    await script.advance(1000);
    script.link.open();
    expect(script.link.of("subscribe")).toHaveLength(1);
  });

  it("tells what a listener throws, to the console when nobody listens to errors", async () => {
    const { script, client, errors } = await start();
    const console_ = vi.spyOn(console, "error").mockImplementation(() => undefined);
    client.on("gap", () => {
      throw new Error("mine");
    });
    client.subscribe({ topic: "c" });
    script.link.open();
    script.link.push("gap", { channel: "c" });
    expect(errors).toMatchObject([{ code: "INTERNAL", cause: new Error("mine") }]);
    expect(console_).not.toHaveBeenCalled();
    client.on("error", () => {
      throw new Error("mine too");
    });
    script.link.push("gap", { channel: "c" });
    expect(console_).toHaveBeenCalledTimes(1);
  });

  it("takes nonsense from the server calmly", async () => {
    const { script, client, errors } = await start();
    client.subscribe({ topic: "c" });
    script.link.open();
    const console_ = vi.spyOn(console, "error").mockImplementation(() => undefined);
    for (const event of ["event", "presence", "gap", "error", "token:expiring", "session", "other"]) {
      for (const payload of [undefined, null, 1, "x", [], {}, { channel: 1 }, { topic: "c" }, { channel: "c" }]) {
        script.link.push(event, payload);
      }
    }
    script.link.of("subscribe")[0]?.answer("what?");
    expect(client.state).toBe("connected");
    expect(errors.every(({ code }) => code === "INTERNAL")).toBe(true);
    expect(console_).not.toHaveBeenCalled();
  });
});

import { describe, expect, it } from "vitest";
import { no, ok, refusal, settle, start } from "../test/script.ts";

describe("connecting", () => {
  it("waits longer each time, at most 30 s, and starts again after a success", async () => {
    const { script, client, states } = await start();
    const waits: number[] = [];
    for (let i = 0; i < 8; i++) {
      const before = script.now();
      script.link.refuse();
      await script.nextLink();
      waits.push(Math.round((script.now() - before) / 1000));
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 30, 30, 30]);
    expect(client.state).toBe("connecting");
    script.link.open();
    script.link.end();
    expect(client.state).toBe("reconnecting");
    const links = script.links.length;
    await script.advance(1000);
    expect(script.links.length).toBe(links + 1);
    script.link.open();
    expect(states).toEqual(["connected", "reconnecting", "connected"]);
  });

  it("gives up after as many attempts as it may make, and begins anew when told", async () => {
    const { script, client, states, errors } = await start({ reconnectionAttempts: 2 });
    const lost = client.socketClient.publish("c", "e");
    for (let i = 0; i < 3; i++) {
      script.link.refuse();
      await script.advance(30_000);
    }
    expect(script.links).toHaveLength(3);
    expect(states).toEqual(["disconnected"]);
    expect(errors).toMatchObject([{ code: "UNAVAILABLE", retryable: true }]);
    await expect(lost).rejects.toMatchObject({ code: "UNAVAILABLE" });
    client.connect();
    await settle();
    expect(script.links).toHaveLength(4);
  });

  it("does not come back when it must not, nor when it was not to", async () => {
    const { script, client } = await start({ reconnection: false });
    script.link.open();
    script.link.end();
    await script.advance(60_000);
    expect(script.links).toHaveLength(1);
    expect(client.state).toBe("disconnected");
  });

  it("stays away after a refusal that is final, and comes back after one that passes", async () => {
    const { script, client, errors } = await start();
    script.link.refuse(refusal("UNAVAILABLE", true));
    await script.advance(1000);
    script.link.refuse(refusal("RATE_LIMITED", true, { retryAfterMs: 5000 }));
    await script.advance(4900);
    expect(script.links).toHaveLength(2);
    await script.advance(100);
    script.link.refuse(refusal("LIMIT_REACHED"));
    await script.advance(60_000);
    expect(script.links).toHaveLength(3);
    expect(errors).toMatchObject([{ code: "LIMIT_REACHED" }]);
    expect(client.state).toBe("disconnected");
  });

  it("does as `closing` says", async () => {
    const { script, client, errors } = await start();
    script.link.open();
    script.chance = 0.25;
    script.link.push("closing", { ...refusal("SHUTTING_DOWN", true), reconnect: true });
    expect(script.link.closedByClient).toBe(true);
    expect(client.state).toBe("reconnecting");
    await script.advance(250);
    expect(script.links).toHaveLength(2);
    script.link.open();
    script.link.push("closing", { code: "REVOKED", message: "gone", reconnect: false });
    await script.advance(60_000);
    expect(script.links).toHaveLength(2);
    expect(client.state).toBe("disconnected");
    expect(errors).toMatchObject([{ code: "REVOKED", retryable: false }]);
  });

  it("does not take coming back as it was told to for a failure", async () => {
    const { script } = await start();
    script.link.open();
    script.chance = 0.25;
    script.link.push("closing", { ...refusal("SHUTTING_DOWN", true), reconnect: true });
    await script.advance(250);
    script.link.refuse();
    await script.advance(624);
    expect(script.links).toHaveLength(2);
    await script.advance(1);
    expect(script.links).toHaveLength(3);
  });

  it("gives up a connection that does not come up, and hears nothing of it any more", async () => {
    const { script, client } = await start();
    const first = script.link;
    await script.advance(21_000);
    expect(first.closedByClient).toBe(true);
    expect(script.links).toHaveLength(2);
    first.open();
    expect(client.state).toBe("connecting");
  });

  it("can be disconnected and connected by a listener of its state", async () => {
    const { script, client, states } = await start({ autoConnect: false });
    client.once("connection", () => client.disconnect());
    client.connect();
    await script.advance(60_000);
    expect(script.links).toHaveLength(0);
    expect(client.state).toBe("disconnected");
    client.connect();
    await settle();
    script.link.open();
    expect(states.at(-1)).toBe("connected");
  });
});

describe("tokens", () => {
  it("asks the provider on each connect, and once more for a token that is not accepted", async () => {
    let asked = 0;
    const { script, client, errors } = await start({ token: async () => `t${++asked}` });
    expect(script.link.options.token).toBe("t1");
    script.link.refuse(refusal("UNAUTHENTICATED"));
    await script.advance(1000);
    expect(script.link.options.token).toBe("t2");
    script.link.refuse(refusal("UNAUTHENTICATED"));
    await script.advance(60_000);
    expect(asked).toBe(2);
    expect(client.state).toBe("disconnected");
    expect(errors).toMatchObject([{ code: "UNAUTHENTICATED" }]);
  });

  it("goes on asking for one that has not expired", async () => {
    let asked = 0;
    const { script, errors } = await start({ token: () => `t${++asked}` });
    for (let i = 0; i < 5; i++) {
      script.link.refuse(refusal("TOKEN_EXPIRED", true));
      await script.nextLink();
    }
    expect(asked).toBe(6);
    expect(errors).toEqual([]);
  });

  it("stops with a fixed token that is refused", async () => {
    const { script, client, errors } = await start();
    script.link.refuse(refusal("TOKEN_EXPIRED", true));
    await script.advance(60_000);
    expect(client.state).toBe("disconnected");
    expect(errors).toMatchObject([{ code: "TOKEN_EXPIRED" }]);
  });

  it.each([
    ["rejects", () => Promise.reject(new Error("down"))],
    [
      "throws",
      (): string => {
        throw new Error("down");
      },
    ],
    ["hangs", () => new Promise<string>(() => undefined)],
    ["gives nonsense", () => 7 as unknown as string],
  ])("tries again when the provider %s", async (_, fail) => {
    let failing = true;
    const { script, client, errors } = await start({ token: () => (failing ? fail() : "good") });
    await script.advance(15_000);
    expect(script.links).toHaveLength(0);
    expect(errors.length).toBeGreaterThan(0);
    expect(errors[0]).toMatchObject({ code: "UNAVAILABLE", retryable: true, message: "The token provider failed" });
    failing = false;
    await script.nextLink();
    script.link.open();
    expect(client.state).toBe("connected");
  });

  it("renews in good time by the server's clock, and again until it succeeds", async () => {
    let asked = 0;
    const { script, errors } = await start({ token: () => `t${++asked}` });
    script.link.open({ serverTime: 1_000_000 });
    script.link.push("token:expiring", { expiresAt: 1_060_000 });
    expect(script.link.of("refresh")).toHaveLength(0);
    await script.advance(30_000);
    expect(script.link.of("refresh")).toMatchObject([{ payload: { token: "t2" } }]);
    script.link.of("refresh")[0]?.answer(no("UNAUTHENTICATED"));
    await script.advance(1000);
    expect(script.link.of("refresh")[1]).toMatchObject({ payload: { token: "t3" } });
    script.link.of("refresh")[1]?.answer(ok({ expiresAt: 2_000_000 }));
    await script.advance(600_000);
    expect(script.link.of("refresh")).toHaveLength(2);
    expect(errors).toMatchObject([{ code: "UNAUTHENTICATED" }]);
  });
});

import { describe, expect, it } from "vitest";
import { unique } from "../native/suite.ts";
import { NOT_AUTHORIZED, useTwake } from "./suite.ts";

// Its tenants may have four connections each: every test has its own.
const suite = useTwake("strict", { claims: { iss: "conformance", aud: "conformance" } });

describe("with small limits", () => {
  // These wait for the time that there is for a login, together.
  it.concurrent.each([2, 4] as const)(
    "who does not authenticate in time is disconnected: client %i",
    async (version) => {
      const [silent, early] = [await suite.open({ version }), await suite.open({ version })];
      early.emit("realtime:join", { name: "/ping" });
      expect(await silent.ended()).toBe("io server disconnect");
      expect(await early.ended()).toBe("io server disconnect");
      expect(silent.heard).toEqual([]);
      expect(early.of("realtime:join:error")).toEqual([
        { name: "/ping", error: NOT_AUTHORIZED, message: NOT_AUTHORIZED },
      ]);
    },
  );

  it.concurrent("a flood before the login is not answered with more than it asked for, and hinders nobody", async () => {
    const client = await suite.open();
    for (let n = 0; n < 500; n++) client.emit("realtime:leave", { name: "/x" });
    for (let n = 0; n < 500; n++) client.emit("message", { n });
    const other = await suite.user("bob", { tenantId: unique("t-") });
    expect(await other.ask("online:set", {})).toEqual({});
    expect(await client.ended()).toBe("io server disconnect");
    expect(client.heard).toEqual([]);
  });

  it("a user with too many connections", async () => {
    const tenantId = unique("t-");
    const first = await suite.user("ann", { tenantId });
    await suite.user("ann", { tenantId });
    const third = suite.native.token("ann", { tenantId });
    expect(await suite.unauthorized([{ token: third }])).toEqual({
      err: { name: "Error", message: expect.any(String) },
    });
    // They count from the login, not before.
    const idle = await suite.open();
    first.close();
    await expect
      .poll(async () => (await suite.native.call("/api/socket/connections", { tenantId })).body)
      .toEqual({ count: 1 });
    await idle.authenticate(third);
  });

  it("what is too large, and what is too deep, is answered", async () => {
    const client = await suite.user("ann", { tenantId: unique("t-") });
    client.emit("realtime:join", { name: "/x", token: "x".repeat(1500) });
    const [tooLarge] = await client.hears("realtime:join:error");
    expect(tooLarge).toEqual({ name: null, error: expect.any(String), message: expect.any(String) });
    client.emit("realtime:event", { name: "lounge", data: [[[[[[1]]]]]] });
    expect(await client.hears("realtime:event:error")).toEqual([{ name: null, message: expect.any(String) }]);
    client.emit("realtime:leave", { name: "/x", binary: Buffer.from("x") });
    expect(await client.hears("realtime:leave:error")).toHaveLength(1);
    expect(client.reason).toBeUndefined();
  });

  it("too many commands are answered, and the connection goes on", async () => {
    const client = await suite.user("ann", { tenantId: unique("t-") });
    for (let n = 0; n < 100; n++) client.emit("realtime:join", { name: "/ping", token: "twake" });
    const errors = (await client.hears("realtime:join:error", 100)) as { name: string | null; message: string }[];
    expect(errors.filter(({ name }) => name === null).length).toBeGreaterThan(0);
    expect(errors.filter(({ message }) => message === NOT_AUTHORIZED).length).toBeGreaterThan(0);
    await expect.poll(() => client.ask("online:set", {})).toEqual({});
  });

  it("subscriptions of a session are limited", async () => {
    const client = await suite.user("ann", { tenantId: unique("t-") });
    for (const name of ["a", "b", "c"]) await client.join(name);
    const [event, payload] = await client.tryJoin("d");
    expect([event, payload]).toEqual([
      "realtime:join:error",
      { name: "d", error: expect.any(String), message: expect.any(String) },
    ]);
    await client.leave("a");
    await client.join("d");
  });
});

import { describe, expect, it } from "vitest";
import { expectRefusal } from "./client.ts";
import { RawLink } from "./raw.ts";
import { unique, useTarget } from "./suite.ts";

const suite = useTarget("main");

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let n = 0; n < depth; n++) value = n % 2 === 0 ? [value] : { a: value };
  return value;
}

interface Failure {
  readonly ok: boolean;
  readonly error?: { readonly code: string; readonly details?: { readonly retryAfterMs?: number } };
}

describe("8. limits, as they are by default", () => {
  describe("`commandBytes`, 65,536", () => {
    it("lets a command of 65,000 bytes pass, and answers TOO_LARGE to one of 66,000; the connection goes on", async () => {
      const client = await suite.user();
      const channel = unique("topic:");
      await client.ok("subscribe", { topic: channel });
      await client.ok("publish", { channel, event: "e", data: "x".repeat(65_000) });
      await client.refused("publish", { channel, event: "e", data: "x".repeat(66_000) }, "TOO_LARGE");
      // Bytes, not characters.
      await client.refused("publish", { channel, event: "e", data: "é".repeat(33_000) }, "TOO_LARGE");
      await client.ok("publish", { channel, event: "e", data: "after" });
      await client.eventsOf(channel, 2);
      expect(client.payloads(channel)[1]).toBe("after");
    });

    it("is measured before parsing: what is no command either is TOO_LARGE first", async () => {
      const client = await suite.user();
      await client.refused("dance", "x".repeat(70_000), "TOO_LARGE");
      client.socket.emit("publish", "x".repeat(70_000));
      expect(await client.push("error")).toMatchObject({ command: "publish", code: "TOO_LARGE" });
    });

    it("holds for polling too", async () => {
      const client = await suite.user(undefined, { transports: ["polling"] });
      await client.refused("publish", { channel: "c", event: "e", data: "x".repeat(70_000) }, "TOO_LARGE");
      await client.ok("subscribe", { topic: unique("topic:") });
    });
  });

  describe("`transportBytes`, 1,000,000", () => {
    it("closes the link over it", async () => {
      const client = await suite.user();
      client.socket.emit("publish", "x".repeat(1_000_100));
      await client.ended();
      await suite.expectServing();
    });

    it("lets 900,000 bytes through, to be refused as a command", async () => {
      const client = await suite.user();
      await client.refused("publish", { channel: "c", event: "e", data: "x".repeat(900_000) }, "TOO_LARGE");
      await client.ok("subscribe", { topic: unique("topic:") });
    });

    it("answers a larger REST body with TOO_LARGE", async () => {
      const { status, body } = await suite.call("/api/socket/broadcast", {
        body: { channel: "c", event: "e", data: "x".repeat(1_100_000) },
      });
      expect({ status, body }).toMatchObject({ status: 413, body: { error: "TOO_LARGE" } });
    });
  });

  describe("`commandsPerSecond`, 100, and `commandBurst`, 200", () => {
    it("let a burst of 200 pass, and refuse what is more with RATE_LIMITED and `retryAfterMs`", async () => {
      const client = await suite.user();
      const answers = (await Promise.all(
        Array.from({ length: 400 }, () => client.ask("leave", { channel: "c" })),
      )) as Failure[];
      const refused = answers.filter(({ ok }) => !ok);
      expect(answers.length - refused.length).toBeGreaterThanOrEqual(200);
      expect(refused.length).toBeGreaterThan(0);
      for (const answer of refused) {
        expectRefusal(answer, "RATE_LIMITED");
        expect(answer.error?.details?.retryAfterMs).toBeGreaterThan(0);
      }
      // None was disconnected, and none was lost: 400 answers came.
      expect(client.reason).toBeUndefined();
    });

    it("serve again when `retryAfterMs` is over", async () => {
      const client = await suite.user();
      // All at once: one after the other, a slow machine may not manage more than what is allowed.
      const answers = (await Promise.all(
        Array.from({ length: 400 }, () => client.ask("leave", { channel: "c" })),
      )) as Failure[];
      const wait = answers.findLast(({ ok }) => !ok)?.error?.details?.retryAfterMs;
      if (wait === undefined) throw new Error("None was refused");
      await new Promise((resolve) => setTimeout(resolve, wait + 5));
      expect(await client.ask("leave", { channel: "c" })).toEqual({ ok: true });
    });

    it("count malformed and unknown commands too", async () => {
      const client = await suite.user();
      const bad = [
        ["dance", {}],
        ["subscribe", null],
        ["publish", 7],
        ["join", { channel: "a b" }],
      ] as const;
      const answers = (await Promise.all(
        Array.from({ length: 400 }, (_, n) => {
          const [event, payload] = bad[n % bad.length] as (typeof bad)[number];
          return client.ask(event, payload);
        }),
      )) as Failure[];
      expect(answers.every(({ ok }) => !ok)).toBe(true);
      expect(answers.some(({ error }) => error?.code === "RATE_LIMITED")).toBe(true);
    });

    it("give a user four times as much over all sessions", async () => {
      const userId = unique("u-");
      const clients = await Promise.all(
        Array.from({ length: 12 }, () => suite.user(userId, { url: suite.target.urls[0] })),
      );
      const answers = (await Promise.all(
        clients.flatMap((client) => Array.from({ length: 180 }, () => client.ask("leave", { channel: "c" }))),
      )) as Failure[];
      const refused = answers.filter(({ ok }) => !ok);
      expect(refused.length).toBeGreaterThan(0);
      expect(answers.length - refused.length).toBeGreaterThanOrEqual(800);
      // Others are not held by it.
      await (await suite.user()).ok("leave", { channel: "c" });
    });

    it("are ten times as high for services", async () => {
      const service = await suite.service();
      const answers = (await Promise.all(
        Array.from({ length: 1900 }, () => service.ask("leave", { channel: "c" })),
      )) as Failure[];
      expect(answers.filter(({ ok }) => !ok).length).toBe(0);
    });
  });

  it("`subscriptionsPerSession`, 128: subscriptions and joins together", async () => {
    const client = await suite.user();
    await Promise.all(Array.from({ length: 120 }, () => client.ok("subscribe", { topic: unique("topic:") })));
    const channels = Array.from({ length: 8 }, () => unique("c:"));
    await Promise.all(channels.map((channel) => client.ok("join", { channel })));
    for (const [command, payload] of [
      ["subscribe", { topic: "more" }],
      ["join", { channel: "more" }],
    ] as const) {
      const { details } = await client.refused(command, payload, "LIMIT_REACHED");
      expect(details).toMatchObject({ limit: "subscriptionsPerSession" });
    }
    await client.ok("leave", { channel: channels[0] });
    await client.ok("subscribe", { topic: unique("topic:") });
  });

  it("`connectionsPerUser`, 32: the 33rd is refused, until one has gone", async () => {
    const userId = unique("u-");
    const clients = await Promise.all(Array.from({ length: 32 }, () => suite.user(userId)));
    const { data } = await suite.refusal({ token: suite.token(userId) });
    expect(data).toMatchObject({ code: "LIMIT_REACHED", retryable: false, details: { limit: "connectionsPerUser" } });
    await suite.user(unique("u-"));
    await suite.user(userId, { tenantId: unique("t-") });
    await suite.call(`/api/socket/connections/${clients[0]?.session.socketId}`, { method: "DELETE" });
    await suite.user(userId);
    expect((await suite.refusal({ token: suite.token(userId) })).data).toMatchObject({ code: "LIMIT_REACHED" });
  });

  it("`stateBytes`, 4,096", async () => {
    const client = await suite.user();
    const channel = unique("c:");
    await client.refused("join", { channel, state: "x".repeat(4_097) }, "TOO_LARGE");
    expect(await client.ok("members", { channel })).toMatchObject({ total: 0 });
    await client.ok("join", { channel, state: "x".repeat(4_094) });
    await client.refused("state", { channel, state: "é".repeat(2_048) }, "TOO_LARGE");
    expect((await client.ok("members", { channel })).members).toMatchObject([{ state: "x".repeat(4_094) }]);
  });

  it("`jsonDepth`, 32", async () => {
    const client = await suite.user();
    const channel = unique("topic:");
    await client.ok("subscribe", { topic: channel });
    await client.ok("publish", { channel, event: "e", data: nested(30) });
    await client.refused("publish", { channel, event: "e", data: nested(33) }, "INVALID_PAYLOAD");
    await client.refused("publish", { channel, event: "e", data: nested(1_000) }, "INVALID_PAYLOAD");
    await client.refused("join", { channel, state: nested(33) }, "INVALID_PAYLOAD");
    for (const path of ["broadcast", "direct"]) {
      const { status, body } = await suite.call(`/api/socket/${path}`, {
        body: { channel, userId: path === "direct" ? "ann" : undefined, event: "e", data: nested(33) },
      });
      expect({ status, body }).toMatchObject({ status: 400, body: { error: "INVALID_PAYLOAD" } });
    }
  });

  it("`usersPerNotify`, 1,000", async () => {
    const users = Array.from({ length: 1001 }, (_, n) => `u${n}`);
    expect(await suite.call("/api/socket/notify", { body: { users: users.slice(1), message: 1 } })).toMatchObject({
      status: 200,
      body: { delivered: 0 },
    });
    expect(await suite.call("/api/socket/notify", { body: { users, message: 1 } })).toMatchObject({
      status: 429,
      body: { error: "LIMIT_REACHED", details: { limit: "usersPerNotify" } },
    });
  });

  it("`historyBytesPerChannel`, 1 MiB: the oldest go first", async () => {
    const channel = unique("topic:");
    const service = await suite.service();
    for (let n = 0; n < 30; n++) await service.ok("publish", { channel, event: "e", data: "x".repeat(60_000) });
    const { position } = await service.ok("history", { channel, limit: 1 });
    const since = (offset: number): object => ({ epoch: position?.epoch, offset });
    expect(await (await suite.user()).ok("subscribe", { topic: channel, since: since(27) })).toMatchObject({
      recovered: true,
    });
    // 30 × 60 KB do not fit; what fits is the newest.
    const { events } = await service.ok("history", { channel, since: since(0), limit: 1 });
    const oldest = events[0]?.position?.offset ?? 0;
    expect(oldest).toBeGreaterThan(10);
    expect(oldest).toBeLessThan(20);
  });

  it("before login: CONNECT packets a link, 4", async () => {
    const link = await RawLink.open(suite.url);
    for (let n = 0; n < 4; n++) {
      link.send(`40{"token":"nonsense"}`);
      // A refused one leaves the link open.
      await link.until(() => link.received.split("44{").length - 1 === n + 1);
    }
    expect(link.closed).toBe(false);
    link.send(`40{"token":"nonsense"}`);
    await link.until(() => link.closed);
    await suite.expectServing();
  });
});

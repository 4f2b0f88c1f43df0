import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { RawLink } from "./raw.ts";
import { unique, useTarget } from "./suite.ts";
import { roomKey, seconds, sign, signByKey, unsigned } from "./tokens.ts";

const suite = useTarget("main");

const DAY = 24 * 60 * 60;

describe("2. connecting", () => {
  describe("transports and credentials", () => {
    it.each([["websocket"], ["polling"], ["polling", "websocket"]] as const)(
      "takes Socket.IO clients by %s",
      async (...transports) => {
        const client = await suite.user(undefined, { transports });
        const topic = unique("topic:");
        await client.ok("subscribe", { topic });
        await suite.broadcast(topic, 1);
        await client.eventsOf(topic, 1);
      },
    );

    it("goes on without loss while a polling client becomes a WebSocket client", async () => {
      const client = await suite.user(undefined, { transports: ["polling", "websocket"] });
      const topic = unique("topic:");
      await client.ok("subscribe", { topic });
      for (let n = 0; n < 40; n++) await suite.broadcast(topic, n);
      await client.eventsOf(topic, 40);
      expect(client.payloads(topic)).toEqual(Array.from({ length: 40 }, (_, n) => n));
      expect(client.socket.io.engine.transport.name).toBe("websocket");
    });

    it("takes the handshake's own `token`", async () => {
      expect((await suite.user("ann")).session.userId).toBe("ann");
    });

    it("takes `Authorization: Bearer`", async () => {
      const client = await suite.connect({ headers: { Authorization: `Bearer ${suite.token("ann")}` } });
      expect(client.session).toMatchObject({ userId: "ann", tenantId: suite.tenantId });
    });

    it("never takes the query string", async () => {
      const query = { token: suite.token("ann"), auth: suite.token("ann"), access_token: suite.token("ann") };
      // Without other credentials that is a visitor, where visitors are let in.
      expect((await suite.connect({ query })).session.userId).toBeNull();
      await suite.expectRefused({ query, token: "nonsense" }, "UNAUTHENTICATED");
    });

    it("looks at own keys of `auth` only", async () => {
      const inherited = JSON.parse(`{ "__proto__": { "token": ${JSON.stringify(suite.token("ann"))} } }`) as Record<
        string,
        unknown
      >;
      expect((await suite.connect({ auth: inherited })).session.userId).toBeNull();
    });

    it("leaves an unknown namespace to Socket.IO", async () => {
      const { message, data } = await suite.refusal({ namespace: "/elsewhere", token: suite.token("ann") });
      expect({ message, data }).toEqual({ message: "Invalid namespace", data: undefined });
    });
  });

  describe("`session`", () => {
    it("is emitted once, with the session's facts", async () => {
      const before = Date.now();
      const exp = seconds() + 600;
      const client = await suite.user("ann", { claims: { exp } });
      await suite.fence(client);
      expect(client.pushes("session")).toEqual([
        {
          protocol: 1,
          socketId: client.socket.id,
          userId: "ann",
          tenantId: suite.tenantId,
          nodeId: expect.stringMatching(/./),
          expiresAt: exp * 1000,
          serverTime: expect.any(Number),
        },
      ]);
      expect(client.heard[0]?.event).toBe("session");
      // Of one machine, or of two whose clocks are near.
      expect(Math.abs(client.session.serverTime - before)).toBeLessThan(60_000);
    });

    it("loses no command that was sent before it", async () => {
      const answers: unknown[] = [];
      const early = Array.from({ length: 20 }, () => ({
        event: "subscribe",
        payload: { topic: unique("early:") },
        answer: (answer: unknown) => answers.push(answer),
      }));
      const client = await suite.open({ token: suite.token("ann"), early });
      await client.ok("subscribe", { topic: unique("late:") });
      expect(answers).toHaveLength(20);
      for (const answer of answers) expect(answer).toMatchObject({ ok: true });
    });
  });

  describe("who a token makes of its bearer", () => {
    it.each([
      "john.doe@x.com",
      "a:b",
      "a/b",
      "*".repeat(0) + "名前",
      "u".repeat(128),
      "é".repeat(64),
      "__proto__",
      "0",
    ])("takes the user id %j as it is", async (sub) => {
      expect((await suite.user(sub)).session.userId).toBe(sub);
    });

    it.each(["T.e-n_4nt", "t".repeat(128), "__proto__"])("takes the tenant %j as it is", async (tenantId) => {
      expect((await suite.user("ann", { tenantId })).session.tenantId).toBe(tenantId);
    });

    it.each([
      { claims: { tenantId: "one", orgId: "two" }, tenantId: "one" },
      { claims: { tenantId: undefined, orgId: "two" }, tenantId: "two" },
      { claims: { tenantId: undefined }, tenantId: "default" },
    ])("finds the tenant $tenantId in $claims", async ({ claims, tenantId }) => {
      expect((await suite.user("ann", { claims })).session.tenantId).toBe(tenantId);
    });

    it('takes a life of 31 days, and `type: "access"`', async () => {
      const now = seconds();
      const client = await suite.user("ann", { claims: { iat: now, exp: now + 31 * DAY, type: "access" } });
      expect(client.session.expiresAt).toBe((now + 31 * DAY) * 1000);
    });

    it("allows for clocks that are 5 s apart", async () => {
      await suite.user("ann", { claims: { nbf: seconds() + 3 } });
    });

    it.each([
      { permissions: undefined, status: 403 },
      { permissions: ["client"], status: 403 },
      { permissions: ["operator"], status: 200 },
      { permissions: ["service"], status: 200 },
      { permissions: ["client", "admin"], status: 200 },
    ])("gives the roles of $permissions", async ({ permissions, status }) => {
      const answer = await suite.call("/api/socket/connections", { token: suite.token("ann", { permissions }) });
      expect(answer.status).toBe(status);
    });

    it("shows `info`, up to 1 KiB, in presence", async () => {
      const info = { name: "Ann", fill: "" };
      info.fill = "x".repeat(1024 - JSON.stringify(info).length);
      const client = await suite.user("ann", { claims: { info } });
      const { members } = await client.ok("join", { channel: unique("c:") });
      expect(members[0]?.info).toEqual(info);
    });

    it("takes 64 grants", async () => {
      const channels = Object.fromEntries(Array.from({ length: 64 }, (_, n) => [`g${n}:**`, ["subscribe"]]));
      await suite.user("ann", { claims: { channels } });
    });
  });

  describe("refusals", () => {
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const ed = generateKeyPairSync("ed25519");

    it.each([
      ["an empty text", ""],
      ["a number", 7],
      ["true", true],
      ["an array", ["token"]],
      ["an object", { token: "token" }],
      ["no token at all", "nonsense"],
      ["two dots", ".."],
      ["three pieces of rubbish", "a.b.c"],
      ["JSON", "{}"],
    ])("refuses %s as a token", async (_, token) => {
      await suite.expectRefused({ token }, "UNAUTHENTICATED");
    });

    it.each([
      ["a forged payload", () => forged()],
      ["another secret", () => sign(suite.claims("ann"), { secret: "another secret that is long enough" })],
      ["an empty signature", () => `${suite.token("ann").split(".").slice(0, 2).join(".")}.`],
      ["no signature piece", () => suite.token("ann").split(".").slice(0, 2).join(".")],
      ["the algorithm none", () => unsigned(suite.claims("ann"))],
      ["the algorithm None", () => unsigned(suite.claims("ann"), "None")],
      [
        "the algorithm none, signed all the same",
        () => sign(suite.claims("ann"), { secret: suite.secret, algorithm: "none" }),
      ],
      ["HS384", () => sign(suite.claims("ann"), { secret: suite.secret, algorithm: "HS384" })],
      ["HS512", () => sign(suite.claims("ann"), { secret: suite.secret, algorithm: "HS512" })],
      [
        "an HMAC that calls itself RS256",
        () => sign(suite.claims("ann"), { secret: suite.secret, algorithm: "RS256" }),
      ],
      ["RS256", () => signByKey(suite.claims("ann"), { key: rsa.privateKey, algorithm: "RS256" })],
      ["ES256", () => signByKey(suite.claims("ann"), { key: ec.privateKey, algorithm: "ES256" })],
      ["EdDSA", () => signByKey(suite.claims("ann"), { key: ed.privateKey, algorithm: "EdDSA" })],
      [
        "a key of its own in `jwk`",
        () =>
          signByKey(suite.claims("ann"), {
            key: rsa.privateKey,
            algorithm: "RS256",
            header: { jwk: rsa.publicKey.export({ format: "jwk" }) },
          }),
      ],
      [
        "an extension that it calls critical",
        () => sign(suite.claims("ann"), { secret: suite.secret, header: { crit: ["x"], x: 1 } }),
      ],
      ["70,000 characters", () => suite.token("ann", { filler: "x".repeat(52_000) })],
      ["500,000 characters", () => suite.token("ann", { filler: "x".repeat(375_000) })],
      ["claims that are no object", () => sign("[]", { secret: suite.secret })],
      ["claims that are no JSON", () => sign("{", { secret: suite.secret })],
    ])("refuses %s", async (_, token) => {
      await suite.expectRefused({ token: token() }, "UNAUTHENTICATED");
    });

    function forged(): string {
      const [header, , signature] = suite.token("ann").split(".");
      const [, payload] = suite.token("ann", { permissions: ["admin"] }).split(".");
      return `${header}.${payload}.${signature}`;
    }

    it("refuses an expired token with TOKEN_EXPIRED", async () => {
      const now = seconds();
      await suite.expectRefused({ token: suite.token("ann", { iat: now - 100, exp: now - 10 }) }, "TOKEN_EXPIRED");
    });

    it.each<[string, Record<string, unknown>]>([
      ["no `sub`", { sub: undefined }],
      ["`sub` null", { sub: null }],
      ["`sub` empty", { sub: "" }],
      ["`sub` a number", { sub: 7 }],
      ["`sub` an array", { sub: ["ann"] }],
      ["`sub` an object", { sub: { id: "ann" } }],
      ["`sub` of 129 bytes", { sub: "u".repeat(129) }],
      ["`sub` of 65 characters that are 130 bytes", { sub: "é".repeat(65) }],
      ["`sub` with a space", { sub: "a b" }],
      ["`sub` with a line feed", { sub: "a\nb" }],
      ["`sub` with NUL", { sub: "a\0b" }],
      ["`sub` with a zero-width space", { sub: "a\u200Bb" }],
      ["`sub` with a zero-width joiner", { sub: "a\u200Db" }],
      ["`sub` with a direction override", { sub: "a\u202Eb" }],
      ["`sub` with a byte order mark", { sub: "\uFEFFa" }],
      ["`sub` with a *", { sub: "a*" }],
      ["`sub` with a {", { sub: "{userId}" }],
      ["`tenantId` empty", { tenantId: "" }],
      ["`tenantId` null", { tenantId: null }],
      ["`tenantId` a number", { tenantId: 7 }],
      ["`tenantId` an array", { tenantId: ["default"] }],
      ["`tenantId` of 129 characters", { tenantId: "t".repeat(129) }],
      ["`tenantId` with a slash", { tenantId: "a/b" }],
      ["`tenantId` with a colon", { tenantId: "a:b" }],
      ["`tenantId` with é", { tenantId: "é" }],
      ["`tenantId` with a line feed at its end", { tenantId: "a\n" }],
      ["a bad `tenantId` beside a good `orgId`", { tenantId: "", orgId: "good" }],
      ["`orgId` a number", { tenantId: undefined, orgId: 7 }],
      ["no `exp`", { exp: undefined }],
      ["`exp` a text", { exp: "9999999999" }],
      ["`exp` null", { exp: null }],
      ["`nbf` a text", { nbf: "1" }],
      ["`iat` a text", { iat: "1" }],
      ["a life of more than 31 days", { exp: seconds() + 32 * DAY }],
      ["a life of more than 31 days that began long ago", { iat: seconds() - 31 * DAY, exp: seconds() + DAY }],
      ["`nbf` in the future", { nbf: seconds() + 60 }],
      ["`type` refresh", { type: "refresh" }],
      ["`type` null", { type: null }],
      ["the room-token audience", { aud: "roomcast:room" }],
      ["the room-token audience among others", { aud: ["other", "roomcast:room"] }],
      ["`permissions` a text", { permissions: "admin" }],
      ["`permissions` with a number in it", { permissions: [1] }],
      ["`permissions` an object", { permissions: { admin: true } }],
      ["`channels` an array", { channels: ["a"] }],
      ["`channels` a text", { channels: "a" }],
      ["a grant that is a text", { channels: { a: "subscribe" } }],
      ["a grant of an unknown action", { channels: { a: ["own"] } }],
      ["a grant with a broken pattern", { channels: { "a{": ["subscribe"] } }],
      ["65 grants", { channels: Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`g${n}`, ["subscribe"]])) }],
      ["`channelsOnly` a text", { channelsOnly: "true" }],
      ["`info` a text", { info: "Ann" }],
      ["`info` an array", { info: [] }],
      ["`info` of more than 1 KiB", { info: { fill: "x".repeat(1024) } }],
    ])("refuses a token with %s", async (_, claims) => {
      await suite.expectRefused({ token: suite.token("ann", claims) }, "UNAUTHENTICATED");
    });

    it.each([
      ["`sub` with a lone surrogate", `"sub":"a\\ud800"`],
      ["`exp` beyond all numbers", `"exp":1e999`],
      ["`iat` below all numbers", `"iat":-1e999`],
    ])("refuses a token with %s", async (_, claim) => {
      const claims = JSON.stringify(suite.claims("ann"));
      await suite.expectRefused(
        { token: sign(`${claims.slice(0, -1)},${claim}}`, { secret: suite.secret }) },
        "UNAUTHENTICATED",
      );
    });

    it("refuses a room token as a login, whatever it is signed with", async () => {
      const claims = { room: "room:a", userId: "ann" };
      await suite.expectRefused({ token: suite.roomToken(claims) }, "UNAUTHENTICATED");
      await suite.expectRefused(
        { token: sign(suite.claims("ann"), { secret: roomKey(suite.secret) }) },
        "UNAUTHENTICATED",
      );
    });

    it("refuses a bad token also where visitors are let in, by header too", async () => {
      await suite.expectRefused({ headers: { Authorization: "Bearer nonsense" } }, "UNAUTHENTICATED");
    });

    it("leaves the link open for another try", async () => {
      const link = await RawLink.open(suite.url);
      link.send(`40{"token":"nonsense"}`);
      await link.until(() => link.received.includes("44{"));
      link.send(`40{"token":"${suite.token("ann")}"}`);
      await link.until(() => link.received.includes(`42["session"`));
      link.destroy();
    });
  });

  describe("visitors, where they are let in", () => {
    it.each([
      ["`auth.token` null", { auth: { token: null } }],
      ["no credentials", {}],
    ])("are those with %s", async (_, options) => {
      const client = await suite.connect(options);
      expect(client.session).toMatchObject({ userId: null, tenantId: "default", expiresAt: null });
    });

    it("reach what a rule opens to anyone, and nothing else", async () => {
      const visitor = await suite.connect({ auth: { token: null } });
      const open = unique("open:");
      await visitor.ok("subscribe", { topic: open });
      await suite.broadcast(open, "for all", { tenantId: "default" });
      expect((await visitor.eventsOf(open, 1))[0]?.payload).toBe("for all");
      for (const topic of [
        unique("topic:"),
        unique("first:"),
        "org:default",
        "user:null",
        "inbox:null",
        "floor:default",
        "ops:a",
      ]) {
        await visitor.refused("subscribe", { topic }, "FORBIDDEN");
        await visitor.refused("join", { channel: topic }, "FORBIDDEN");
        await visitor.refused("publish", { channel: topic, event: "e" }, "FORBIDDEN");
        await visitor.refused("history", { channel: topic }, "FORBIDDEN");
        await visitor.refused("members", { channel: topic }, "FORBIDDEN");
      }
    });
  });

  describe.concurrent("expiry", () => {
    it("is announced at once for a life of less than 60 s, and ends the connection", async () => {
      const exp = seconds() + 2;
      const client = await suite.user("ann", { claims: { exp } });
      expect(await client.push("token:expiring")).toEqual({ expiresAt: exp * 1000 });
      await suite.fence(client);
      const closing = await client.push("closing");
      expect(closing).toEqual({ code: "TOKEN_EXPIRED", message: expect.any(String), reconnect: expect.any(Boolean) });
      expect(await client.ended()).toBe(closing.reconnect ? "transport close" : "io server disconnect");
      expect(Date.now()).toBeGreaterThanOrEqual(exp * 1000);
      expect(client.pushes("token:expiring")).toHaveLength(1);
    });

    it("is announced 60 s before it", async () => {
      const exp = seconds() + 62;
      const client = await suite.user("ann", { claims: { exp } });
      await suite.fence(client);
      expect(client.pushes("token:expiring")).toEqual([]);
      expect(await client.push("token:expiring")).toEqual({ expiresAt: exp * 1000 });
      expect(Date.now()).toBeGreaterThanOrEqual((exp - 60) * 1000);
      expect(client.reason).toBeUndefined();
    });

    it("is put off by `refresh`", async () => {
      const exp = seconds() + 2;
      const client = await suite.user("ann", { claims: { exp } });
      const witness = await suite.user("bob", { claims: { exp } });
      expect(await client.ok("refresh", { token: suite.token("ann", { exp: exp + 600 }) })).toEqual({
        expiresAt: (exp + 600) * 1000,
      });
      await witness.ended();
      await suite.fence(client);
      expect(client.reason).toBeUndefined();
      expect(client.pushes("closing")).toEqual([]);
    });

    it("may be brought nearer by `refresh`", async () => {
      const client = await suite.user("ann");
      const exp = seconds() + 2;
      await client.ok("refresh", { token: suite.token("ann", { exp }) });
      expect(await client.push("token:expiring")).toEqual({ expiresAt: exp * 1000 });
      expect((await client.push("closing")).code).toBe("TOKEN_EXPIRED");
    });
  });
});

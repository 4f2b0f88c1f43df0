import { describe, expect, it } from "vitest";
import { unique } from "../native/suite.ts";
import { seconds, sign, unsigned } from "../native/tokens.ts";
import { TwakeClient } from "./client.ts";
import { NOT_AUTHORIZED, useTwake } from "./suite.ts";

const suite = useTwake("main");
const { native } = suite;

const VERSIONS = [{ version: 2 }, { version: 4 }] as const;

describe.each(VERSIONS)("4. connecting with socket.io-client $version", ({ version }) => {
  it("1. `{}`: unauthorized, a text, and the end", async () => {
    expect(await suite.unauthorized([{}], { version })).toEqual({ err: "No token provided" });
  });

  it("2. garbage: JsonWebTokenError, jwt malformed", async () => {
    for (const token of ["garbage", "a.b.c", "twake", "..", "eyJhbGciOiJIUzI1NiJ9.e30"]) {
      expect(await suite.unauthorized([{ token }], { version })).toEqual({
        err: { name: "JsonWebTokenError", message: "jwt malformed" },
      });
    }
  });

  it("3. expired: TokenExpiredError and expiredAt", async () => {
    const exp = seconds() - 3600;
    const token = native.token("ann", { iat: exp - 60, exp });
    expect(await suite.unauthorized([{ token }], { version })).toEqual({
      err: { name: "TokenExpiredError", message: "jwt expired", expiredAt: new Date(exp * 1000).toISOString() },
    });
  });

  it("4. valid: authenticated, without arguments", async () => {
    for (const transports of [["websocket"], ["polling"], ["polling", "websocket"]] as const) {
      const client = await suite.open({ version, transports });
      await client.authenticate(native.token("ann"));
      expect(client.heard).toEqual([{ event: "authenticated", args: [] }]);
    }
  });
});

describe("4. connecting", () => {
  it("takes /socket and /socket/, and no path beside", async () => {
    for (const path of ["/socket", "/socket/"]) {
      const client = await suite.open({ path });
      await client.authenticate(native.token("ann"));
      for (const EIO of [3, 4]) {
        const handshake = await fetch(`${native.url}${path}?EIO=${EIO}&transport=polling`);
        expect([path, EIO, handshake.status]).toEqual([path, EIO, 200]);
      }
    }
    for (const path of ["/sockets/", "/socket/x"]) {
      await expect(TwakeClient.open(native.url, { path })).rejects.toThrow();
    }
  });

  it("looks at no credentials of the handshake", async () => {
    const client = await suite.open({ auth: { token: native.token("ann") } });
    expect(await client.tryJoin("/ping", native.token("ann"))).toEqual([
      "realtime:join:error",
      { name: "/ping", error: NOT_AUTHORIZED, message: NOT_AUTHORIZED },
    ]);
  });

  const NOTHING: readonly unknown[][] = [
    [],
    [null],
    [undefined],
    [true],
    [5],
    ["text"],
    [[]],
    [[{ token: "x" }]],
    [{}],
    [{ token: null }],
    [{ token: "" }],
    [{ Token: "x" }],
    [null, { token: "x" }],
    [{ token: "" }, "more"],
  ];
  it.each(NOTHING.map((payload) => ({ payload })))("a payload without a token: $payload", async ({ payload }) => {
    expect(await suite.unauthorized(payload)).toEqual({ err: "No token provided" });
  });

  it.each([5, true, false, 0, ["x"], { a: 1 }].map((token) => ({ token })))(
    "a token that is no text: $token",
    async ({ token }) => {
      expect(await suite.unauthorized([{ token }])).toEqual({
        err: { name: "JsonWebTokenError", message: "jwt malformed" },
      });
    },
  );

  it("a token of another secret, and one that was changed: invalid signature", async () => {
    const err = { name: "JsonWebTokenError", message: "invalid signature" };
    const other = sign(native.claims("ann"), { secret: "another secret, long enough for HS256" });
    const [header, , signature] = native.token("ann").split(".");
    const [, claims] = native.token("bob").split(".");
    for (const token of [other, `${header}.${claims}.${signature}`, `${header}.${claims}.`]) {
      expect(await suite.unauthorized([{ token }])).toEqual({ err });
    }
  });

  it("a token that is not valid yet: NotBeforeError and date", async () => {
    const nbf = seconds() + 600;
    expect(await suite.unauthorized([{ token: native.token("ann", { nbf }) }])).toEqual({
      err: { name: "NotBeforeError", message: "jwt not active", date: new Date(nbf * 1000).toISOString() },
    });
  });

  const CLAIMS: readonly [string, Record<string, unknown>][] = [
    ["no sub", { sub: undefined }],
    ["a sub that is no text", { sub: 1 }],
    ["no exp", { exp: undefined }],
    ["a life of more than 31 days", { exp: seconds() + 32 * 86_400 }],
    ["an iat in the future", { iat: seconds() + 600, exp: seconds() + 700 }],
    ["a tenant that is null", { tenantId: null }],
    ["the type of a refresh token", { type: "refresh" }],
    ["the name of a room", { name: "/companies/1" }],
    ["a name that is null", { name: null }],
    ["the audience of room tokens", { aud: "roomcast:room" }],
  ];
  it.each(CLAIMS)("a token with %s: JsonWebTokenError", async (_name, claims) => {
    expect(await suite.unauthorized([{ token: native.token("ann", claims) }])).toEqual({
      err: { name: "JsonWebTokenError", message: expect.stringMatching(/^(?!jwt malformed|invalid signature)./) },
    });
  });

  it("a token without a signature, or of another algorithm: JsonWebTokenError", async () => {
    const claims = native.claims("ann");
    const tokens = [
      unsigned(claims),
      unsigned(claims, "None"),
      sign(claims, { secret: native.secret, algorithm: "HS512" }),
    ];
    for (const token of tokens) {
      expect(await suite.unauthorized([{ token }])).toMatchObject({ err: { name: "JsonWebTokenError" } });
    }
  });

  it("a revoked token", async () => {
    const userId = unique("u-");
    const token = native.token(userId, { iat: seconds() - 60 });
    const client = await suite.open();
    await client.authenticate(token);
    expect((await native.call("/api/socket/revoke", { body: { userId } })).body).toEqual({ disconnected: 1 });
    expect(await client.ended()).toBe("io server disconnect");
    expect(await suite.unauthorized([{ token }])).toMatchObject({ err: { name: "JsonWebTokenError" } });
  });

  it("a join right after authenticate is safe", async () => {
    const client = await suite.open();
    client.emit("authenticate", { token: native.token("ann") });
    client.emit("realtime:join", { name: "/x/1", token: suite.roomToken("ann", "/x/1") });
    await client.hears("realtime:join:success");
    expect(client.heard).toEqual([
      { event: "authenticated", args: [] },
      { event: "realtime:join:success", args: [{ name: "/x/1" }] },
    ]);
  });

  it("before authenticated a join answers with its error, and nothing else is answered or delivered", async () => {
    const client = await suite.open();
    const room = unique("/open/");
    let acknowledged = 0;
    for (const [event, ...args] of [
      ["realtime:leave", { name: room }],
      ["realtime:leave", {}],
      ["realtime:event", { name: room, data: 1, token: suite.roomToken("ann", room) }],
      ["realtime:event", 5],
      ["message", { room, data: 1 }],
      ["subscribe", { topic: room }],
      ["refresh", { token: native.token("ann") }],
    ] as const) {
      client.emit(event, ...args);
    }
    for (const event of ["online:get", "online:set"])
      client.socket.emit(event, { data: ["ann"] }, () => acknowledged++);
    await native.broadcast(room, "for members");
    for (const payload of [{ name: room, token: suite.roomToken("ann", room) }, { name: room }, {}, null]) {
      client.emit("realtime:join", payload);
    }
    await client.hears("realtime:join:error", 4);
    const error = { error: NOT_AUTHORIZED, message: NOT_AUTHORIZED };
    expect(client.heard).toEqual(
      [room, room, null, null].map((name) => ({ event: "realtime:join:error", args: [{ name, ...error }] })),
    );
    expect(acknowledged).toBe(0);
    // And it may still log in.
    await client.authenticate(native.token("ann"));
    await client.join(room, suite.roomToken("ann", room));
  });

  it.concurrent("a second authenticate replaces the first, for the same user of the same tenant only", async ({
    expect,
  }) => {
    const client = await suite.user("ann", { claims: { exp: seconds() + 2 } });
    for (const token of [native.token("bob"), native.token("ann", { tenantId: unique("t-") }), "garbage"]) {
      const before = client.of("unauthorized").length;
      client.emit("authenticate", { token });
      await client.hears("unauthorized", before + 1);
    }
    await client.authenticate(native.token("ann"));
    const end = seconds() + 4;
    await expect.poll(() => seconds(), { timeout: 10_000 }).toBe(end);
    await suite.fence(client);
    expect(client.reason).toBeUndefined();
  });

  it.concurrent("expiry ends the session", async () => {
    const client = await suite.user("ann", { claims: { exp: seconds() + 2 } });
    await client.join("/ping", native.token("ann"));
    expect(await client.ended()).toMatch(/^(transport close|io server disconnect)$/);
  });

  it("sends no word of another dialect", async () => {
    const { native: others } = suite;
    const userId = unique("u-");
    const client = await suite.user(userId);
    await others.call("/api/socket/notify", { body: { users: [userId], message: "hi" } });
    await others.call("/api/socket/direct", { body: { userId, event: "note", data: 1 } });
    await client.join(`notifications:${userId}`);
    await others.call("/api/socket/notify", { body: { users: [userId], message: { text: "hi" } } });
    await client.hears("realtime:event");
    expect(client.events(`notifications:${userId}`)).toEqual([{ text: "hi", _type: "notification" }]);
    expect(client.heard.map(({ event }) => event)).toEqual([
      "authenticated",
      "realtime:join:success",
      "realtime:event",
    ]);
  });
});

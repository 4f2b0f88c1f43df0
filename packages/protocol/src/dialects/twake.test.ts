import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Command, CommandResult, Outcome } from "../commands.ts";
import type { Decoded, Reply } from "../dialect.ts";
import { ERROR_TABLE, GatewayError, type ErrorCode, type TokenFailure } from "../errors.ts";
import type { Publication, Push } from "../pushes.ts";
import { twakeDialect } from "./twake.ts";

const dialect = twakeDialect();
const { decode, encode, reply } = dialect;

const NOT_AUTHORIZED = "User is not authorized to join room";
const JOINED: CommandResult = { members: [], total: 0 };

function request(...frame: readonly unknown[]): Exclude<Decoded, { kind: "ignored" }> {
  const decoded = decode(frame);
  if (decoded.kind === "ignored") throw new Error("The frame was ignored");
  return decoded;
}

function command(...frame: readonly unknown[]): Command {
  const decoded = request(...frame);
  if (decoded.kind === "invalid") throw decoded.error;
  return decoded.command;
}

function failed(code: ErrorCode, message = "As it is", token?: TokenFailure): Outcome {
  return {
    ok: false,
    error: new GatewayError(code, message).toWire(),
    ...(token === undefined ? undefined : { token }),
  };
}

/** What is answered to a frame that the engine does not carry out. */
function refused(...frame: readonly unknown[]): Reply {
  const decoded = request(...frame);
  if (decoded.kind === "command") throw new Error(`The frame was taken: ${JSON.stringify(decoded.command)}`);
  return reply(decoded, { ok: false, error: decoded.error.toWire() }, false);
}

function published(fields: Partial<Publication>): Publication {
  return {
    type: "publication",
    address: { tenantId: "acme", name: "/channels" },
    id: "p1",
    event: "message",
    data: { text: "hi" },
    source: "socket",
    sender: { userId: "ann", socketId: "s1" },
    timestamp: 1_700_000_000_123,
    position: { epoch: "e", offset: 3 },
    ...fields,
  };
}

/** What no payload of these words may be. */
const NO_PAYLOADS: readonly unknown[] = [undefined, null, true, 5, "text", "/channels", [], [{ name: "/a" }]];
const NO_NAMES: readonly unknown[] = [undefined, null, true, 5, [], ["/a"], {}, { toString: "/a" }];
/** Strings that no channel is called. */
const BAD_NAMES = ["", " ", "/a b", "/a*", "/{a}", "@notifications", "$x", "/a\u0000", "/\ud800", "x".repeat(256)];

describe("connecting", () => {
  it("takes every handshake, looks at no credentials, and says nothing first", () => {
    const handshake = { auth: { token: "jwt" }, headers: { authorization: "Bearer jwt", cookie: "token=jwt" } };
    expect(dialect.accepts(handshake)).toBe(true);
    expect(dialect.credentials(handshake)).toEqual({ kind: "none" });
    expect(dialect).toMatchObject({ name: "twake", login: "late", joins: true });
    expect(dialect.visitor).toBeUndefined();
    const facts = { socketId: "s", userId: "u", tenantId: "t", nodeId: "n", expiresAt: null, serverTime: 1 };
    expect(dialect.greeting(facts)).toEqual([]);
    expect(dialect.refusal(new GatewayError("SHUTTING_DOWN", "Come again"))).toEqual({
      message: "Come again",
      data: { code: "SHUTTING_DOWN", message: "Come again", retryable: true },
    });
  });
});

describe("authenticate", () => {
  const asked = request("authenticate", { token: "jwt" });

  it("is a login by a token that opens no room", () => {
    expect(command("authenticate", { token: "jwt", more: 1 })).toEqual({
      type: "login",
      token: "jwt",
      without: ["name"],
    });
    for (const token of [null, "", 5, true, ["jwt"], { a: 1 }]) {
      expect(command("authenticate", { token })).toMatchObject({ type: "login", token });
    }
    for (const payload of NO_PAYLOADS) {
      expect(command("authenticate", payload)).toEqual({ type: "login", token: undefined, without: ["name"] });
    }
  });

  it("is answered by authenticated, without arguments", () => {
    expect(reply(asked, { ok: true, result: { expiresAt: null } }, false)).toEqual({ frames: [["authenticated"]] });
  });

  const at = Date.UTC(2020, 0, 2);
  const failures: readonly [ErrorCode, TokenFailure | undefined, unknown][] = [
    ["UNAUTHENTICATED", { reason: "missing" }, "No token provided"],
    ["UNAUTHENTICATED", { reason: "malformed" }, { name: "JsonWebTokenError", message: "jwt malformed" }],
    ["UNAUTHENTICATED", { reason: "signature" }, { name: "JsonWebTokenError", message: "invalid signature" }],
    ["UNAUTHENTICATED", { reason: "claims" }, { name: "JsonWebTokenError", message: "As it is" }],
    ["UNAUTHENTICATED", undefined, { name: "JsonWebTokenError", message: "As it is" }],
    [
      "TOKEN_EXPIRED",
      { reason: "expired", at },
      { name: "TokenExpiredError", message: "jwt expired", expiredAt: "2020-01-02T00:00:00.000Z" },
    ],
    ["TOKEN_EXPIRED", { reason: "expired", at: -1e303 }, { name: "TokenExpiredError", message: "jwt expired" }],
    [
      "UNAUTHENTICATED",
      { reason: "not-yet", at },
      { name: "NotBeforeError", message: "jwt not active", date: "2020-01-02T00:00:00.000Z" },
    ],
    ["UNAUTHENTICATED", { reason: "not-yet", at: Infinity }, { name: "NotBeforeError", message: "jwt not active" }],
    ["FORBIDDEN", undefined, { name: "JsonWebTokenError", message: "As it is" }],
    ["UNAVAILABLE", undefined, { name: "Error", message: "As it is" }],
    ["RATE_LIMITED", undefined, { name: "Error", message: "As it is" }],
    ["LIMIT_REACHED", undefined, { name: "Error", message: "As it is" }],
  ];
  it.each(failures)("%s, %j: unauthorized", (code, token, err) => {
    expect(reply(asked, failed(code, "As it is", token), true)).toEqual({ frames: [["unauthorized", { err }]] });
  });
});

describe("realtime:join", () => {
  it("is a join with a room token, if there is one", () => {
    const channel = { name: "/companies/1/channels?type=public" };
    expect(command("realtime:join", { ...channel, token: "jwt" })).toEqual({ type: "join", channel, token: "jwt" });
    for (const token of [undefined, null, 5, true, ["twake"], {}]) {
      expect(command("realtime:join", { ...channel, token })).toEqual({ type: "join", channel });
    }
  });

  it("is answered with the room's name", () => {
    const asked = request("realtime:join", { name: "/channels", token: "jwt" });
    expect(reply(asked, { ok: true, result: JOINED }, false)).toEqual({
      frames: [["realtime:join:success", { name: "/channels" }]],
    });
    for (const code of ["FORBIDDEN", "UNAUTHENTICATED"] as const) {
      expect(reply(asked, failed(code), false)).toEqual({
        frames: [["realtime:join:error", { name: "/channels", error: NOT_AUTHORIZED, message: NOT_AUTHORIZED }]],
      });
    }
    expect(reply(asked, failed("LIMIT_REACHED", "Too many"), false)).toEqual({
      frames: [["realtime:join:error", { name: "/channels", error: "Too many", message: "Too many" }]],
    });
  });

  it.each(NO_PAYLOADS)("of %j is an error without a name", (payload) => {
    expect(refused("realtime:join", payload).frames).toEqual([
      ["realtime:join:error", { name: null, error: expect.any(String), message: expect.any(String) }],
    ]);
  });

  it.each(NO_NAMES)("of the name %j is an error without a name", (name) => {
    const [frame] = refused("realtime:join", { name, token: "jwt" }).frames ?? [];
    expect(frame).toEqual([
      "realtime:join:error",
      { name: null, error: expect.any(String), message: expect.any(String) },
    ]);
    const said = frame?.[1] as { error: string; message: string } | undefined;
    expect(said?.error).toBe(said?.message);
  });

  it.each(BAD_NAMES)("of %j, which no room is called, is an error with that name", (name) => {
    expect(refused("realtime:join", { name, token: "jwt" }).frames).toEqual([
      ["realtime:join:error", { name, error: NOT_AUTHORIZED, message: NOT_AUTHORIZED }],
    ]);
  });
});

describe("realtime:leave", () => {
  it("is a leave, and succeeds for every name", () => {
    expect(command("realtime:leave", { name: "/channels" })).toEqual({
      type: "leave",
      channel: { name: "/channels" },
    });
    expect(reply(request("realtime:leave", { name: "/channels" }), { ok: true, result: {} }, false)).toEqual({
      frames: [["realtime:leave:success", { name: "/channels" }]],
    });
    for (const name of BAD_NAMES) {
      expect(refused("realtime:leave", { name }).frames).toEqual([["realtime:leave:success", { name }]]);
    }
  });

  it("is an error where the name is no string", () => {
    const frame = ["realtime:leave:error", { name: null, error: expect.any(String), message: expect.any(String) }];
    for (const payload of NO_PAYLOADS) expect(refused("realtime:leave", payload).frames).toEqual([frame]);
    for (const name of NO_NAMES) expect(refused("realtime:leave", { name }).frames).toEqual([frame]);
  });

  it("that fails says so", () => {
    expect(reply(request("realtime:leave", { name: "/a" }), failed("UNAVAILABLE", "Away"), false)).toEqual({
      frames: [["realtime:leave:error", { name: "/a", error: "Away", message: "Away" }]],
    });
  });
});

describe("realtime:event", () => {
  const channel = { name: "/channels" };

  it("publishes what a client sends, with the right to join", () => {
    expect(command("realtime:event", { ...channel, data: { a: 1 }, token: "jwt" })).toEqual({
      type: "publish",
      channel,
      event: "event",
      data: { a: 1 },
      token: "jwt",
    });
    for (const data of [null, 5, "text", [{ _type: "x" }], { a: { _type: "x" } }]) {
      expect(command("realtime:event", { ...channel, data })).toEqual({
        type: "publish",
        channel,
        event: "event",
        data,
        token: "",
      });
    }
    expect(command("realtime:event", channel)).toMatchObject({ data: null });
  });

  it("loses a _type of the client's own", () => {
    const data = JSON.parse(`{"_type":"message","a":1,"__proto__":{"_type":"x"}}`) as unknown;
    const kept = (command("realtime:event", { ...channel, data }) as { data: object }).data;
    expect(JSON.stringify(kept)).toBe(`{"a":1,"__proto__":{"_type":"x"}}`);
  });

  it("is answered only where it failed", () => {
    const asked = request("realtime:event", { ...channel, data: 1 });
    expect(reply(asked, { ok: true, result: { id: "1" } }, true)).toEqual({});
    expect(reply(asked, failed("FORBIDDEN"), false)).toEqual({
      frames: [["realtime:event:error", { name: "/channels", message: NOT_AUTHORIZED }]],
    });
    for (const payload of NO_PAYLOADS) {
      expect(refused("realtime:event", payload).frames).toEqual([
        ["realtime:event:error", { name: null, message: expect.any(String) }],
      ]);
    }
    for (const name of BAD_NAMES) {
      expect(refused("realtime:event", { name, data: 1 }).frames).toEqual([
        ["realtime:event:error", { name, message: NOT_AUTHORIZED }],
      ]);
    }
  });
});

describe("online", () => {
  it("asks for at most 100 users", () => {
    const most = Array.from({ length: 100 }, (_, index) => `user${index}`);
    expect(command("online:get", { data: most })).toEqual({ type: "online", userIds: most });
    expect(command("online:get", { data: [] })).toEqual({ type: "online", userIds: [] });
    const bad = [
      undefined,
      null,
      "ann",
      5,
      {},
      [...most, "one more"],
      [5],
      [""],
      [null],
      [["ann"]],
      ["a b"],
      ["x".repeat(129)],
    ];
    for (const data of bad) expect(() => command("online:get", { data })).toThrow(GatewayError);
    for (const payload of NO_PAYLOADS) expect(() => command("online:get", payload)).toThrow(GatewayError);
  });

  it("is answered by the acknowledgement alone", () => {
    const asked = request("online:get", { data: ["ann", "bob"] });
    const online = [
      ["ann", true],
      ["bob", false],
    ] as const;
    expect(reply(asked, { ok: true, result: { online } }, true)).toEqual({ acknowledgement: [{ data: online }] });
    expect(reply(asked, { ok: true, result: { online } }, false)).toEqual({});
    expect(reply(asked, failed("RATE_LIMITED", "Slowly"), true)).toEqual({
      acknowledgement: [{ data: [], error: "Slowly" }],
    });
  });

  it("need not be set", () => {
    for (const payload of [...NO_PAYLOADS, {}, { data: true }]) {
      expect(command("online:set", payload)).toEqual({ type: "ping" });
    }
    const asked = request("online:set");
    expect(reply(asked, { ok: true, result: { serverTime: 5 } }, true)).toEqual({ acknowledgement: [{}] });
    expect(reply(asked, { ok: true, result: { serverTime: 5 } }, false)).toEqual({});
    expect(reply(asked, failed("RATE_LIMITED", "Slowly"), true)).toEqual({ acknowledgement: [{ error: "Slowly" }] });
  });
});

describe("before the login", () => {
  it("only a join is answered", () => {
    const early = failed("UNAUTHENTICATED", "Log in first");
    const asked = [
      request("realtime:leave", { name: "/a" }),
      request("realtime:leave", {}),
      request("realtime:leave", { name: "a b" }),
      request("realtime:event", { name: "/a", data: 1 }),
      request("realtime:event"),
      request("online:get", { data: [] }),
      request("online:get"),
      request("online:set"),
    ];
    for (const one of asked)
      for (const acknowledged of [true, false]) expect(reply(one, early, acknowledged)).toEqual({});
    expect(reply(request("realtime:join", {}), early, false)).toEqual({
      frames: [["realtime:join:error", { name: null, error: NOT_AUTHORIZED, message: NOT_AUTHORIZED }]],
    });
  });
});

describe("words of others", () => {
  it.each(["message", "subscribe", "join", "publish", "refresh", "direct", "history", "ping", "error", "", "toString"])(
    "%j is nothing",
    (event) => {
      expect(decode([event, { name: "/a", room: "/a", token: "x", data: 1 }])).toEqual({ kind: "ignored" });
    },
  );

  it("are not answered, whatever the engine says of them", () => {
    const invalid = { kind: "invalid", event: "message", error: new GatewayError("RATE_LIMITED", "Slowly") } as const;
    for (const acknowledged of [true, false]) expect(reply(invalid, failed("RATE_LIMITED"), acknowledged)).toEqual({});
  });
});

describe("pushes", () => {
  it("a resource has exactly five keys", () => {
    const data = { type: "channel", path: "/channels/1", resource: { id: 1 }, more: true };
    expect(encode(published({ event: "created", source: "resource", data }))).toEqual([
      "realtime:resource",
      { action: "created", room: "/channels", type: "channel", path: "/channels/1", resource: { id: 1 } },
    ]);
    expect(encode(published({ event: "saved", source: "resource", data: { type: "x", resource: 0 } }))).toEqual([
      "realtime:resource",
      { action: "saved", room: "/channels", type: "x", path: null, resource: 0 },
    ]);
    expect(encode(published({ event: "event", source: "resource", data: null }))).toEqual([
      "realtime:resource",
      { action: "event", room: "/channels", type: null, path: null, resource: null },
    ]);
  });

  it("what a client of this dialect sent comes as it was", () => {
    for (const data of [{ a: 1 }, null, 0, "", false, [1]]) {
      expect(encode(published({ event: "event", data }))).toEqual(["realtime:event", { name: "/channels", data }]);
    }
    // Of a client of another dialect, which must not say it either.
    expect(encode(published({ event: "event", data: { a: 1, _type: "message" } }))).toEqual([
      "realtime:event",
      { name: "/channels", data: { a: 1 } },
    ]);
    expect(encode(published({ event: "event", data: undefined }))).toEqual([
      "realtime:event",
      { name: "/channels", data: null },
    ]);
  });

  it("what others published says its event", () => {
    for (const source of ["socket", "rest", "server"] as const) {
      expect(encode(published({ source }))).toEqual([
        "realtime:event",
        { name: "/channels", data: { text: "hi", _type: "message" } },
      ]);
    }
    expect(encode(published({ event: "typed", data: { _type: "forged", a: 1 } }))?.[1]).toEqual({
      name: "/channels",
      data: { _type: "typed", a: 1 },
    });
    for (const data of [5, "text", false, null, [1, 2]]) {
      expect(encode(published({ data }))).toEqual([
        "realtime:event",
        { name: "/channels", data: { _type: "message", value: data } },
      ]);
    }
    expect(encode(published({ data: undefined }))?.[1]).toEqual({
      name: "/channels",
      data: { _type: "message", value: null },
    });
    const notification = published({
      address: { tenantId: "acme", name: "notifications:ann" },
      event: "notification",
      source: "server",
    });
    expect(encode(notification)).toEqual([
      "realtime:event",
      { name: "notifications:ann", data: { text: "hi", _type: "notification" } },
    ]);
  });

  it("the rest has no word", () => {
    const address = { tenantId: "acme", name: "/channels" };
    const error = new GatewayError("FORBIDDEN", "No more").toWire();
    const pushes: readonly Push[] = [
      published({ address: { tenantId: "$", name: "@metadata" } }),
      published({ address: { tenantId: "$", name: "@global" } }),
      published({ address: { tenantId: "acme", name: "@notifications", userId: "ann" } }),
      published({ address: { tenantId: "acme", name: "orders", userId: "ann" } }),
      { type: "presence", address, joined: [], left: [], updated: [] },
      { type: "direct", message: { id: "1", event: "e", data: 1, timestamp: 1 } },
      { type: "gap", address, position: undefined },
      { type: "expiring", expiresAt: 1 },
      { type: "error", error, address },
      { type: "closing", error, reconnect: false },
    ];
    for (const push of pushes) expect(encode(push)).toBeUndefined();
  });
});

/** Frames that are taken as they are, for others to be made of. */
const VALID: readonly (readonly unknown[])[] = [
  ["authenticate", { token: "jwt" }],
  ["realtime:join", { name: "/companies/1", token: "jwt" }],
  ["realtime:leave", { name: "/companies/1" }],
  ["realtime:event", { name: "/companies/1", data: { _type: "x", a: [1] }, token: "jwt" }],
  ["online:get", { data: ["ann", "bob"] }],
  ["online:set", { data: true }],
];
const SOME = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom<unknown>(undefined, "", "@x", "$", "/a b", "x".repeat(300), -1, 1e308, [], {}, { tenantId: "other" }),
);

/** A valid frame with one of its parts replaced, added or left out. */
const mutated = fc
  .record({
    frame: fc.constantFrom(...VALID),
    key: fc.constantFrom("name", "token", "data", "tenantId", "channel", "own", "__proto__", "constructor", "type"),
    value: SOME,
    where: fc.constantFrom("event", "payload", "key", "after", "without"),
  })
  .map(({ frame: [event, payload], key, value, where }): unknown[] => {
    switch (where) {
      case "event":
        return [value, payload];
      case "payload":
        return [event, value];
      case "after":
        return [event, payload, value];
      case "without":
        return [event];
      default:
        return [event, JSON.parse(JSON.stringify({ ...(payload as object), [key]: value ?? null }))];
    }
  });

describe("any frame", () => {
  const frames = fc.oneof(mutated, fc.array(SOME, { maxLength: 4 }));
  const outcomes = fc.oneof(
    fc.constantFrom<Outcome>(
      { ok: true, result: {} },
      { ok: true, result: JOINED },
      { ok: true, result: { online: [["ann", true]] } },
    ),
    fc
      .record({
        code: fc.constantFrom(...(Object.keys(ERROR_TABLE) as ErrorCode[])),
        reason: fc.constantFrom("missing", "malformed", "signature", "expired", "not-yet", "claims", undefined),
        at: fc.option(fc.double(), { nil: undefined }),
      })
      .map(({ code, reason, at }) =>
        failed(code, "No", reason === undefined ? undefined : { reason, ...(at === undefined ? undefined : { at }) }),
      ),
  );

  it("is understood or not, never throws, and names no tenant; every answer can be sent", () => {
    fc.assert(
      fc.property(frames, outcomes, fc.boolean(), (frame, outcome, acknowledged) => {
        const decoded = decode(frame);
        if (decoded.kind === "ignored") return;
        if (decoded.kind === "invalid") expect(decoded.error.code).not.toBe("INTERNAL");
        else checkCommand(decoded.command);
        for (const one of [outcome, decoded.kind === "invalid" ? failed(decoded.error.code) : outcome]) {
          const answer = reply(decoded, one, acknowledged);
          expect(JSON.parse(JSON.stringify(answer))).toBeDefined();
          for (const [event] of answer.frames ?? [])
            expect(event).toMatch(/^(authenticated|unauthorized|realtime:.+)$/);
          if (!acknowledged) expect(answer.acknowledgement).toBeUndefined();
        }
      }),
      { numRuns: 3000 },
    );
  });

  it("and any publication: the same in, the same out", () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }),
        SOME,
        fc.constantFrom("socket", "rest", "server", "resource", "direct"),
        (event, data, source) => {
          const push = published({ event, data, source });
          const frame = encode(push);
          expect(frame).toEqual(encode(push));
          expect(["realtime:event", "realtime:resource"]).toContain(frame?.[0]);
          expect(JSON.stringify(frame)).not.toContain("acme");
        },
      ),
    );
  });
});

function checkCommand(given: Command): void {
  expect(given).not.toHaveProperty("tenantId");
  expect(["login", "join", "leave", "publish", "online", "ping"]).toContain(given.type);
  if ("channel" in given) {
    expect(Object.keys(given.channel)).toEqual(["name"]);
    expect(given.channel.name).toMatch(/^[^@$\s][^\s]*$/u);
  }
  if (given.type === "publish") expect(Object.keys(Object(given.data))).not.toContain("_type");
}

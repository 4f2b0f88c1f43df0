import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Outcome } from "../commands.ts";
import type { Decoded } from "../dialect.ts";
import { GatewayError } from "../errors.ts";
import type { Member } from "../events.ts";
import type { Publication } from "../pushes.ts";
import { nativeDialect } from "./native.ts";

const { decode, encode, reply } = nativeDialect;
const position = { epoch: "e1", offset: 7 };
const address = { tenantId: "acme", name: "chat:1" };
const sender = { userId: "ann", socketId: "s1" };

/** A valid payload of each command with everything that it may hold, and the command that it is. */
const COMMANDS: Readonly<Record<string, readonly [payload: Record<string, unknown>, command: object]>> = {
  subscribe: [
    { topic: "chat:1", filter: { a: 1 }, subscriptionId: "sub", since: position, token: "room" },
    { type: "subscribe", channel: { name: "chat:1" }, subscriptionId: "sub", since: position, token: "room" },
  ],
  unsubscribe: [{ subscriptionId: "sub" }, { type: "unsubscribe", subscriptionId: "sub" }],
  join: [
    { channel: "chat:1", state: { typing: true }, since: position, token: "room" },
    { type: "join", channel: { name: "chat:1" }, state: { typing: true }, since: position, token: "room" },
  ],
  leave: [{ channel: "chat:1" }, { type: "leave", channel: { name: "chat:1" } }],
  publish: [
    { channel: "chat:1", event: "message", data: { n: 1 }, id: "k:1" },
    { type: "publish", channel: { name: "chat:1" }, event: "message", data: { n: 1 }, id: "k:1" },
  ],
  direct: [
    { to: { userId: "bob" }, event: "message", data: [1] },
    { type: "direct", to: { userId: "bob" }, event: "message", data: [1] },
  ],
  members: [
    { channel: "chat:1", cursor: "c" },
    { type: "members", channel: { name: "chat:1" }, cursor: "c" },
  ],
  state: [
    { channel: "chat:1", state: null },
    { type: "state", channel: { name: "chat:1" }, state: null },
  ],
  history: [
    { channel: "chat:1", limit: 5, since: position },
    { type: "history", channel: { name: "chat:1" }, limit: 5, since: position },
  ],
  refresh: [{ token: "jwt" }, { type: "refresh", token: "jwt" }],
};

function refusal(...frame: readonly unknown[]): string {
  const decoded = decode(frame);
  return decoded.kind === "invalid" ? decoded.error.code : decoded.kind;
}

describe("decode", () => {
  it("understands each command with all that it may hold", () => {
    for (const [event, [payload, expected]] of Object.entries(COMMANDS)) {
      const decoded = decode([event, payload]);
      expect(decoded).toMatchObject({ kind: "command", event, command: expected });
      const { filter: _, ...command } = (decoded as { command: { filter?: object } }).command;
      expect(command).toStrictEqual(expected);
    }
  });

  it("fills in what may be left out", () => {
    const command = (...frame: unknown[]): unknown => (decode(frame) as { command?: unknown }).command;
    expect(command("subscribe", { topic: "a" })).toStrictEqual({ type: "subscribe", channel: { name: "a" } });
    expect(command("join", { channel: "a" })).toStrictEqual({ type: "join", channel: { name: "a" } });
    expect(command("publish", { channel: "a", event: "e" })).toStrictEqual({
      type: "publish",
      channel: { name: "a" },
      event: "e",
      data: null,
    });
    expect(command("history", { channel: "a" })).toStrictEqual({ type: "history", channel: { name: "a" }, limit: 100 });
    expect(command("direct", { to: { socketId: "s" }, event: "e" })).toStrictEqual({
      type: "direct",
      to: { socketId: "s" },
      event: "e",
      data: null,
    });
  });

  it("looks at nothing that it does not know", () => {
    const extra = JSON.parse(
      '{"__proto__":{"x":1},"constructor":1,"toString":2,"tenantId":"other","userId":"eve"}',
    ) as object;
    for (const [event, [payload]] of Object.entries(COMMANDS)) {
      const plain = decode([event, payload]) as { command: object };
      const more = decode([event, { ...payload, ...extra }, "further", { arguments: 1 }]) as { command: object };
      expect(JSON.stringify(more.command)).toBe(JSON.stringify(plain.command));
    }
  });

  it("refuses what is no command", () => {
    for (const event of [
      "",
      "Subscribe",
      "nope",
      "__proto__",
      "constructor",
      "toString",
      "connect",
      "event",
      "error",
    ]) {
      expect([event, refusal(event, {})]).toEqual([event, "UNKNOWN_COMMAND"]);
    }
    for (const event of [0, 1.5, null, true, [], {}, ["subscribe"], undefined]) {
      expect(refusal(event, {})).toBe("UNKNOWN_COMMAND");
    }
    expect(refusal()).toBe("UNKNOWN_COMMAND");
  });

  it("refuses payloads that are no object", () => {
    for (const event of Object.keys(COMMANDS)) {
      for (const payload of [undefined, null, 0, "a", true, [], [{}]]) {
        expect([event, payload, refusal(event, payload)]).toEqual([event, payload, "INVALID_PAYLOAD"]);
      }
    }
  });

  it("refuses each field of a wrong type, and says which", () => {
    const required: Readonly<Record<string, readonly string[]>> = {
      subscribe: ["topic"],
      unsubscribe: ["subscriptionId"],
      join: ["channel"],
      leave: ["channel"],
      publish: ["channel", "event"],
      direct: ["to", "event"],
      members: ["channel"],
      state: ["channel", "state"],
      history: ["channel"],
    };
    for (const [event, fields] of Object.entries(required)) {
      for (const field of fields) {
        const { [field]: _, ...rest } = (COMMANDS[event] as [Record<string, unknown>, object])[0];
        const decoded = decode([event, rest]);
        expect(decoded).toMatchObject({
          kind: "invalid",
          error: { code: "INVALID_PAYLOAD", details: { path: field } },
        });
      }
    }
    const anything = new Set(["state", "data", "token"]);
    for (const [event, [payload]] of Object.entries(COMMANDS)) {
      for (const field of Object.keys(payload)) {
        if (anything.has(field) && !(field === "token" && event !== "refresh")) continue;
        for (const wrong of [1, true, [], [["a"]], "", "\u200b".repeat(3), { toString: 1 }, null]) {
          if (field === "limit" && wrong === 1) continue;
          if (field === "filter" && typeof wrong === "object" && wrong !== null && !Array.isArray(wrong)) continue;
          if (["subscriptionId", "cursor", "token"].includes(field) && typeof wrong === "string" && wrong !== "")
            continue;
          if (field === "event" && typeof wrong === "string" && wrong !== "") continue;
          expect([event, field, wrong, refusal(event, { ...payload, [field]: wrong })]).toEqual([
            event,
            field,
            wrong,
            "INVALID_PAYLOAD",
          ]);
        }
      }
    }
  });

  it("refuses the borders of numbers, texts and positions", () => {
    const bad: readonly (readonly [string, object])[] = [
      ...[0, 1001, -1, 1.5, Number.NaN, 2 ** 53, "5"].map((limit) => ["history", { channel: "a", limit }] as const),
      ...[-1, 1.5, 2 ** 53, "7", null].map(
        (offset) => ["history", { channel: "a", since: { epoch: "e", offset } }] as const,
      ),
      ...["", 1, null, "e".repeat(129)].map(
        (epoch) => ["subscribe", { topic: "a", since: { epoch, offset: 1 } }] as const,
      ),
      ["subscribe", { topic: "a", subscriptionId: "x".repeat(129) }],
      ["subscribe", { topic: "a", token: "x".repeat(8193) }],
      ["members", { channel: "a", cursor: "x".repeat(1025) }],
      ["publish", { channel: "a", event: "e", id: "x".repeat(65) }],
      ["publish", { channel: "a", event: "e", id: "a b" }],
      ["publish", { channel: "a", event: "e".repeat(129) }],
      ["direct", { to: { userId: "a", socketId: "b" }, event: "e" }],
      ["direct", { to: {}, event: "e" }],
      ["direct", { to: [{ userId: "a" }], event: "e" }],
      ["direct", { to: { userId: "a b" }, event: "e" }],
      ["direct", { to: { userId: null }, event: "e" }],
      ["direct", { to: { socketId: "x".repeat(129) }, event: "e" }],
    ];
    for (const [event, payload] of bad) {
      expect([event, payload, refusal(event, payload)]).toEqual([event, payload, "INVALID_PAYLOAD"]);
    }
    expect(refusal("history", { channel: "a", limit: 1000, since: { epoch: "e", offset: 2 ** 53 - 1 } })).toBe(
      "command",
    );
    expect(refusal("history", { channel: "a", limit: 1, since: { epoch: "e", offset: 0 } })).toBe("command");
  });

  it("refuses reserved events and the gateway's own channels", () => {
    for (const event of ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"]) {
      expect(refusal("publish", { channel: "a", event })).toBe("INVALID_PAYLOAD");
      expect(refusal("direct", { to: { userId: "a" }, event })).toBe("INVALID_PAYLOAD");
    }
    for (const channel of ["@sessions", "@direct", "$x"]) {
      for (const [event, [payload]] of Object.entries(COMMANDS)) {
        if (!("channel" in payload) && !("topic" in payload)) continue;
        const named = "topic" in payload ? { ...payload, topic: channel } : { ...payload, channel };
        expect(refusal(event, named)).toBe("FORBIDDEN");
      }
    }
  });

  it("never throws, for any JSON", () => {
    const hostile = fc.constantFrom<unknown>(
      { toString: 1 },
      { toString: 1, valueOf: 1 },
      [{ toString: null }],
      Symbol("s"),
    );
    const first = fc.oneof(
      fc.constantFrom(...Object.keys(COMMANDS)),
      fc.string({ unit: "binary" }),
      fc.jsonValue(),
      hostile,
    );
    fc.assert(
      fc.property(first, fc.array(fc.jsonValue({ depthSize: "medium" }), { maxLength: 3 }), (event, args) => {
        const decoded = decode([event, ...args]);
        if (decoded.kind === "invalid") expect(decoded.error).toBeInstanceOf(GatewayError);
      }),
      { numRuns: 500 },
    );
  });

  it("never throws for valid frames in which something was changed", () => {
    const key = fc.oneof(
      fc.constantFrom(
        "topic",
        "channel",
        "event",
        "filter",
        "since",
        "to",
        "id",
        "token",
        "state",
        "limit",
        "__proto__",
      ),
      fc.string(),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.entries(COMMANDS)),
        key,
        fc.jsonValue(),
        ([event, [payload]], name, value) => {
          const changed = Object.fromEntries([...Object.entries(payload), [name, value]]);
          const decoded = decode([event, changed]);
          expect(decoded).toMatchObject({ event });
          if (decoded.kind === "invalid") expect(["INVALID_PAYLOAD", "FORBIDDEN"]).toContain(decoded.error.code);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("reply", () => {
  const request = (event: string): Exclude<Decoded, { kind: "ignored" }> => ({
    kind: "invalid",
    event,
    error: new GatewayError("INTERNAL", "x"),
  });
  const failed: Outcome = { ok: false, error: new GatewayError("NOT_FOUND", "None", { details: { a: 1 } }).toWire() };
  const publication: Publication = {
    type: "publication",
    address,
    id: "k1",
    event: "message",
    data: { n: 1 },
    source: "socket",
    sender,
    timestamp: 5,
    position,
  };
  const event = {
    id: "k1",
    topic: "chat:1",
    event: "message",
    payload: { n: 1 },
    source: "socket",
    sender,
    timestamp: 5,
    position,
  };

  it("answers a success with ok and the result", () => {
    const results = [
      {},
      { subscriptionId: "s", position, recovered: false },
      { members: [], total: 0 },
      { id: "k", position },
    ];
    for (const result of [...results, { id: "k", delivered: 2 }, { expiresAt: null }]) {
      const outcome: Outcome = { ok: true, result };
      expect(reply(request("x"), outcome, true)).toStrictEqual({ acknowledgement: [{ ok: true, ...result }] });
      expect(reply(request("x"), outcome, false)).toStrictEqual({});
    }
    const recovered: Outcome = {
      ok: true,
      result: { subscriptionId: "s", position, recovered: true, events: [publication] },
    };
    expect(reply(request("subscribe"), recovered, true)).toStrictEqual({
      acknowledgement: [{ ok: true, subscriptionId: "s", position, recovered: true, events: [event] }],
    });
  });

  it("answers a failure with the error, and pushes it where no answer was asked for", () => {
    const error = { code: "NOT_FOUND", message: "None", retryable: false, details: { a: 1 } };
    expect(reply(request("leave"), failed, true)).toStrictEqual({ acknowledgement: [{ ok: false, error }] });
    expect(reply(request("leave"), failed, false)).toStrictEqual({
      frames: [["error", { command: "leave", ...error }]],
    });
  });

  it("tells events as the specification has them", () => {
    expect(encode(publication)).toStrictEqual(["event", event]);
    const { position: _position, sender: _sender, ...bare } = publication;
    expect(encode({ ...bare, data: null })).toStrictEqual([
      "event",
      { id: "k1", topic: "chat:1", event: "message", payload: null, source: "socket", timestamp: 5 },
    ]);
  });
});

describe("encode", () => {
  it("tells each push as the specification has it", () => {
    const member: Member = { socketId: "s1", userId: "ann", joinedAt: 1 };
    const error = new GatewayError("FORBIDDEN", "No").toWire();
    expect(encode({ type: "presence", address, joined: [member], left: [], updated: [] })).toStrictEqual([
      "presence",
      { channel: "chat:1", joined: [member], left: [], updated: [] },
    ]);
    expect(encode({ type: "gap", address, position })).toStrictEqual(["gap", { channel: "chat:1", position }]);
    expect(encode({ type: "expiring", expiresAt: 9 })).toStrictEqual(["token:expiring", { expiresAt: 9 }]);
    expect(encode({ type: "error", error })).toStrictEqual([
      "error",
      { code: "FORBIDDEN", message: "No", retryable: false },
    ]);
    expect(encode({ type: "error", error, address })).toStrictEqual([
      "error",
      { code: "FORBIDDEN", message: "No", retryable: false, channel: "chat:1" },
    ]);
    expect(encode({ type: "closing", error, reconnect: false })).toStrictEqual([
      "closing",
      { code: "FORBIDDEN", message: "No", reconnect: false },
    ]);
    const message = { id: "d1", event: "hi", data: { a: 1 }, sender, timestamp: 3 };
    expect(encode({ type: "direct", message })).toStrictEqual([
      "event",
      { id: "d1", topic: "@direct", event: "hi", payload: { a: 1 }, source: "direct", sender, timestamp: 3 },
    ]);
  });

  it("greets, and refuses, as the specification has it", () => {
    const facts = { socketId: "s", userId: null, tenantId: "t", nodeId: "n", expiresAt: null, serverTime: 1 };
    expect(nativeDialect.greeting(facts)).toStrictEqual([["session", { protocol: 1, ...facts }]]);
    expect(nativeDialect.refusal(new GatewayError("UNAUTHENTICATED", "No"))).toStrictEqual({
      message: "No",
      data: { code: "UNAUTHENTICATED", message: "No", retryable: false },
    });
  });
});

describe("credentials", () => {
  const handshake = (auth: object, headers: Record<string, string | string[]> = {}) => ({
    auth: auth as Record<string, unknown>,
    headers,
  });

  it("are the token of the handshake, or the Authorization header", () => {
    const { accepts, credentials } = nativeDialect;
    const cases: readonly (readonly [ReturnType<typeof handshake>, boolean, object])[] = [
      [handshake({ token: "jwt" }), true, { kind: "token", token: "jwt" }],
      [handshake({ token: "jwt" }, { authorization: "Bearer other" }), true, { kind: "token", token: "jwt" }],
      [handshake({ token: null }), true, { kind: "none" }],
      [handshake({ token: "" }), true, { kind: "token", token: "" }],
      [handshake({ token: ["a"] }), true, { kind: "token", token: ["a"] }],
      [handshake({}, { authorization: "Bearer jwt" }), true, { kind: "token", token: "jwt" }],
      [handshake({}, { authorization: "bearer  jwt " }), true, { kind: "token", token: "jwt" }],
      [handshake({}, { authorization: "Basic jwt" }), false, { kind: "none" }],
      [handshake({}, { authorization: "Bearer" }), false, { kind: "none" }],
      [handshake({}, { authorization: ["Bearer a", "Bearer b"] }), false, { kind: "none" }],
      [handshake(Object.create({ token: "inherited" }) as object), false, { kind: "none" }],
      [handshake({}), false, { kind: "none" }],
    ];
    for (const [given, accepted, found] of cases) {
      expect([accepts(given), credentials(given)]).toEqual([accepted, found]);
    }
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GatewayError } from "../errors.ts";
import { nativeDialect } from "./native.ts";

const { decode } = nativeDialect;
const position = { epoch: "e1", offset: 7 };

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

  it("opens operators' channels to be followed and read, and to nothing else", () => {
    for (const channel of ["@stats", "@cluster", "@audit"]) {
      for (const [event, [payload]] of Object.entries(COMMANDS)) {
        if (!("channel" in payload) && !("topic" in payload)) continue;
        const named = "topic" in payload ? { ...payload, topic: channel } : { ...payload, channel };
        const opens = event === "subscribe" || event === "history";
        expect([channel, event, refusal(event, named)]).toEqual([channel, event, opens ? "command" : "FORBIDDEN"]);
      }
    }
    for (const channel of ["@Stats", "@stats ", "@stats/x", "@audits", "$stats"]) {
      expect(["FORBIDDEN", "INVALID_PAYLOAD"]).toContain(refusal("subscribe", { topic: channel }));
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

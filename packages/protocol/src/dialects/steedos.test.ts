import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Command, Outcome } from "../commands.ts";
import type { Decoded, Handshake } from "../dialect.ts";
import { GatewayError } from "../errors.ts";
import type { Publication, Push } from "../pushes.ts";
import { steedosDialect } from "./steedos.ts";

const dialect = steedosDialect();
const { decode, encode, reply } = dialect;

function cookies(cookie: string | string[] | undefined): Handshake {
  return { auth: {}, headers: cookie === undefined ? {} : { cookie } };
}

function commandOf(...frame: readonly unknown[]): Command | string {
  const decoded = decode(frame);
  if (decoded.kind === "command") return decoded.command;
  return decoded.kind === "invalid" ? decoded.error.code : decoded.kind;
}

function publication(fields: Partial<Publication> & { readonly name?: string; readonly userId?: string }): Publication {
  const { name = "orders", userId, ...others } = fields;
  return {
    type: "publication",
    address: { tenantId: "T", name, ...(userId === undefined ? undefined : { userId }) },
    id: "p1",
    event: "e",
    data: { n: 1 },
    source: "server",
    timestamp: 1_700_000_000_123,
    ...others,
  };
}

describe("cookies", () => {
  it.each<[cookie: string | string[] | undefined, tenantId: string, token: string]>([
    ["X-Space-Id=T; X-Auth-Token=k", "T", "k"],
    ["a=b;X-Auth-Token=k;  X-Space-Id = T ;c", "T", "k"],
    [["X-Space-Id=T", "X-Auth-Token=k"], "T", "k"],
    ['X-Space-Id="T"; X-Auth-Token=a=b==', "T", "a=b=="],
    ["X-Space-Id=a%2Cb; X-Auth-Token=%E4%BD%A0%20k", "a,b", "你 k"],
    ["X-Space-Id=T%; X-Auth-Token=%E4%BD", "", ""],
    ["X-Space-Id=%zz; X-Space-Id=T; X-Auth-Token=k", "", "k"],
    ["X-Space-Id=T; X-Space-Id=U; X-Auth-Token=1; X-Auth-Token=2", "T", "1"],
    ["X-Space-Id=; X-Space-Id=T; X-Auth-Token", "", ""],
    ["x-space-id=T; X-AUTH-TOKEN=k", "", ""],
    ["XX-Space-Id=T; X-Auth-Tokens=k", "", ""],
    [`X-Space-Id=T; X-Auth-Token=${"k".repeat(8192)}`, "T", "k".repeat(8192)],
    ["", "", ""],
    [";;==;=;", "", ""],
    [undefined, "", ""],
  ])("of %j are %j and %j", (cookie, tenantId, token) => {
    expect(dialect.credentials(cookies(cookie))).toEqual({ kind: "cookies", tenantId, token });
  });

  it("are the only credentials", () => {
    const handshake = {
      auth: { token: "k", "X-Space-Id": "T", "X-Auth-Token": "k", cookie: "X-Space-Id=T" },
      headers: { "x-space-id": "T", "x-auth-token": "k", authorization: "Bearer k" },
    };
    expect(dialect.accepts(handshake)).toBe(true);
    expect(dialect.credentials(handshake)).toEqual({ kind: "cookies", tenantId: "", token: "" });
  });

  it("never make it throw, and never give two tenants", () => {
    const piece = fc.oneof(fc.constantFrom("X-Space-Id=", "X-Auth-Token=", ";", "%", "%2C", '"', "="), fc.string());
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const handshake = cookies(pieces.join(""));
        const credentials = dialect.credentials(handshake);
        const { tenantId } = steedosDialect({ anonymous: "subscribe" }).visitor?.(handshake) ?? {};
        expect(["default", (credentials as { tenantId: string }).tenantId]).toContain(tenantId);
      }),
      { numRuns: 500 },
    );
  });
});

describe("visitors", () => {
  const nobody = {
    userId: null,
    tenantId: "default",
    roles: [],
    grants: {},
    grantsOnly: true,
    anonymous: true,
  };

  it("have no tenant, whatever their cookie says", () => {
    expect(dialect.visitor?.(cookies("X-Space-Id=T; X-Auth-Token=k"))).toEqual(nobody);
    expect(steedosDialect({ anonymous: "connect" }).visitor?.(cookies(undefined))).toEqual(nobody);
  });

  it("follow shared rooms of the cookie's tenant where they may subscribe", () => {
    const { visitor } = steedosDialect({ anonymous: "subscribe" });
    expect(visitor?.(cookies("X-Space-Id=T"))).toEqual({
      ...nobody,
      tenantId: "T",
      grants: { "**": ["subscribe"] },
    });
    for (const cookie of [undefined, "X-Space-Id=a%2Cb", "X-Space-Id=$", `X-Space-Id=${"t".repeat(129)}`]) {
      expect(visitor?.(cookies(cookie))).toEqual(nobody);
    }
  });

  it("are refused where they are to be", () => {
    expect(steedosDialect({ anonymous: "reject" }).visitor?.(cookies("X-Space-Id=T"))).toBeUndefined();
    const error = new GatewayError("UNAUTHENTICATED", "No");
    expect(dialect.refusal(error)).toEqual({ message: "No", data: error.toWire() });
  });
});

describe("a new session", () => {
  it("hears `connection-init` without arguments", () => {
    const facts = { socketId: "s", userId: "u", tenantId: "T", nodeId: "n", expiresAt: null, serverTime: 1 };
    expect(dialect.greeting(facts)).toEqual([["connection-init"]]);
  });

  it("follows metadata changes, and what is emitted without a room unless that is switched off", () => {
    const metadata = [
      { name: "@metadata", of: "everybody" },
      { name: "@metadata", of: "tenant" },
    ];
    expect(dialect.follows).toEqual([...metadata, { name: "@global", of: "everybody" }]);
    expect(steedosDialect({ globalEmit: false }).follows).toEqual(metadata);
  });
});

describe("subscribe and unsubscribe", () => {
  const shared = (name: string): object => ({ type: "subscribe", channel: { name }, subscriptionId: `shared ${name}` });
  const own = (name: string): object => ({
    type: "subscribe",
    channel: { name, own: true },
    subscriptionId: `own ${name}`,
  });

  it.each<[payload: unknown, commands: readonly object[]]>([
    [{ roomParts: "p" }, [shared("p")]],
    [{ roomParts: ["a", "b"], individual: false }, [shared("a"), shared("b")]],
    [{ roomParts: "p", individual: true }, [own("p")]],
    [{ roomParts: ["a", "b"], individual: true }, [own("a"), own("b")]],
    [{ roomParts: ["a", "a", "b"] }, [shared("a"), shared("b")]],
    [{ roomParts: "notification-change" }, [shared("notification-change")]],
    [{ roomParts: "notification-change-U2" }, [shared("notification-change-U2")]],
    [{ roomParts: "notification-change", individual: true }, [own("notification-change"), own("@notifications")]],
    [{ roomParts: "record:orders:change-1" }, [shared("record:orders:change-1")]],
    [{ roomParts: "" }, []],
    [{ roomParts: [] }, []],
    [{ roomParts: null, individual: true }, []],
    [{ individual: true }, []],
    [{}, []],
  ])("of %j", (payload, commands) => {
    expect(commandOf("subscribe", payload)).toStrictEqual({ type: "all", commands });
    expect(commandOf("unsubscribe", payload)).toStrictEqual({
      type: "all",
      commands: commands.map((command) => ({
        type: "unsubscribe",
        subscriptionId: (command as { subscriptionId: string }).subscriptionId,
        lenient: true,
      })),
    });
  });

  it.each<[payload: unknown, code: string]>([
    [undefined, "INVALID_PAYLOAD"],
    [null, "INVALID_PAYLOAD"],
    [5, "INVALID_PAYLOAD"],
    ["x", "INVALID_PAYLOAD"],
    [[], "INVALID_PAYLOAD"],
    [["p"], "INVALID_PAYLOAD"],
    [{ roomParts: {} }, "INVALID_PAYLOAD"],
    [{ roomParts: 5 }, "INVALID_PAYLOAD"],
    [{ roomParts: true }, "INVALID_PAYLOAD"],
    [{ roomParts: [null] }, "INVALID_PAYLOAD"],
    [{ roomParts: ["a", ["b"]] }, "INVALID_PAYLOAD"],
    [{ roomParts: ["a", ""] }, "INVALID_PAYLOAD"],
    [{ roomParts: "two words" }, "INVALID_PAYLOAD"],
    [{ roomParts: "**" }, "INVALID_PAYLOAD"],
    [{ roomParts: "p".repeat(256) }, "INVALID_PAYLOAD"],
    [{ roomParts: ["a", "@notifications"], individual: true }, "FORBIDDEN"],
    [{ roomParts: "@metadata" }, "FORBIDDEN"],
    [{ roomParts: "$" }, "FORBIDDEN"],
  ])("of %j is refused", (payload, code) => {
    expect(commandOf("subscribe", payload)).toBe(code);
    expect(commandOf("unsubscribe", payload)).toBe(code);
  });

  it("takes 10,000 parts for the engine to count", () => {
    const roomParts = Array.from({ length: 10_000 }, (_, i) => `p${i}`);
    expect((commandOf("subscribe", { roomParts }) as Extract<Command, { type: "all" }>).commands).toHaveLength(10_000);
  });
});

describe("answers", () => {
  const subscribed: Decoded = { kind: "command", event: "subscribe", command: { type: "all", commands: [] } };
  const pinged: Decoded = { kind: "command", event: "ping", command: { type: "ping" } };
  const done: Outcome = { ok: true, result: {} };
  const error = new GatewayError("FORBIDDEN", "No").toWire();

  it("are { ok } for a callback, and nothing without one", () => {
    expect(reply(subscribed, done, true)).toEqual({ acknowledgement: [{ ok: true }] });
    expect(reply(subscribed, done, false)).toEqual({});
    const refused: Outcome = { ok: false, error, token: { reason: "missing" } };
    expect(reply(subscribed, refused, true)).toStrictEqual({ acknowledgement: [{ ok: false, error }] });
    expect(reply(subscribed, refused, false)).toEqual({});
  });

  it("are `pong` with the server's time for a ping", () => {
    expect(commandOf("ping", "2020-01-01T00:00:00Z")).toEqual({ type: "ping" });
    expect(commandOf("ping")).toEqual({ type: "ping" });
    const outcome: Outcome = { ok: true, result: { serverTime: Date.UTC(2031, 1, 3, 4, 5, 6, 7) } };
    expect(reply(pinged, outcome, false)).toEqual({ frames: [["pong", "2031-02-03T04:05:06.007Z"]] });
    expect(reply(pinged, outcome, true).acknowledgement).toEqual([{ ok: true }]);
    expect(reply(pinged, { ok: false, error }, false)).toEqual({});
  });

  it("refuse whatever else is sent", () => {
    for (const event of ["publish", "join", "message", "connection-init", "s:metadata:change", "", "toString"]) {
      expect(commandOf(event, { roomParts: "p" })).toBe("UNKNOWN_COMMAND");
    }
    expect(commandOf()).toBe("UNKNOWN_COMMAND");
    expect(commandOf(7, {})).toBe("UNKNOWN_COMMAND");
  });
});

describe("pushes", () => {
  const client = { source: "socket", sender: { userId: "ann", socketId: "s1" } } as const;

  it.each<[what: string, push: Publication, frame: unknown]>([
    ["a publication", publication({}), ["e", { n: 1 }]],
    ["one without data", publication({ data: undefined }), ["e", null]],
    ["one of REST", publication({ source: "rest", event: "s:x" }), ["s:x", { n: 1 }]],
    ["a client's", publication({ ...client, data: [1] }), ["e", [1]]],
    ["a client's `event`", publication({ ...client, event: "event" }), ["event", { n: 1 }]],
    [
      "a client's event of the name `message`",
      publication({ ...client, event: "message", data: "hi" }),
      ["message", "hi"],
    ],
    [
      "a client's message",
      publication({ ...client, event: "message", data: "hi", form: "message" }),
      ["message", { userId: "ann", data: "hi", timestamp: "2023-11-14T22:13:20.123Z" }],
    ],
    ["a server's `message`", publication({ event: "message", data: "hi" }), ["message", "hi"]],
    [
      "a resource",
      publication({ source: "resource", event: "created", data: { type: "t", path: null, resource: 1 } }),
      ["created", { type: "t", path: null, resource: 1 }],
    ],
    [
      "a metadata change",
      publication({ name: "@metadata", event: "change", data: { type: "apps", _id: "1" } }),
      ["s:metadata:change", { type: "apps", _id: "1" }],
    ],
    [
      "a notification",
      publication({ name: "@notifications", userId: "U", event: "notification", data: { name: "n", body: "b" } }),
      ["s:notification-change", { message: { name: "n", body: "b" } }],
    ],
    ["an emit without a room", publication({ name: "@global", event: "n", data: 7 }), ["n", 7]],
    ["an emit to a user's room", publication({ name: "p", userId: "U", event: "n", data: 7 }), ["n", 7]],
    [
      "a record change",
      publication({ name: "record:orders:change-1", event: "updated", data: { _id: "1" } }),
      ["s:record:orders:change-1", { _id: "1" }],
    ],
    [
      "a record change with an odd id",
      publication({ name: "record:a:change-b:change-c", event: "deleted", data: { _id: "b:change-c", more: 1 } }),
      ["s:record:a:change-b:change-c", { _id: "b:change-c" }],
    ],
  ])("%s", (_what, push, frame) => {
    expect(encode(push)).toEqual(frame);
  });

  it("tell a record change only where the server says it of that record", () => {
    const change = { name: "record:orders:change-1", event: "updated", data: { _id: "1" } };
    for (const fields of [
      { ...change, ...client },
      { ...change, source: "rest" as const },
      { ...change, event: "moved" },
      { ...change, data: { _id: "2" } },
      { ...change, data: { _id: { toString: 1 } } },
      { ...change, data: null },
      { ...change, userId: "U" },
      { ...change, name: "record:change-1" },
      { ...change, name: "xrecord:orders:change-1" },
    ]) {
      expect(encode(publication(fields))).toEqual([fields.event, fields.data]);
    }
  });

  it("never let a client say what only the server says", () => {
    for (const event of ["s:metadata:change", "s:notification-change", "s:", "s:\n", "connection-init", "pong"]) {
      expect(encode(publication({ ...client, event }))).toBeUndefined();
    }
    expect(encode(publication({ ...client, event: "as:x" }))).toEqual(["as:x", { n: 1 }]);
  });

  it("have no word for the others", () => {
    const address = { tenantId: "T", name: "p" };
    const error = new GatewayError("FORBIDDEN", "No").toWire();
    const others: readonly Push[] = [
      { type: "presence", address, joined: [], left: [], updated: [] },
      { type: "direct", message: { id: "1", event: "e", data: 1, timestamp: 1 } },
      { type: "gap", address, position: undefined },
      { type: "expiring", expiresAt: 1 },
      { type: "error", error, address },
      { type: "closing", error, reconnect: true },
      publication({ name: "@sessions" }),
    ];
    for (const push of others) expect(encode(push)).toBeUndefined();
  });

  it("are written for any data, and never throw", () => {
    const name = fc.constantFrom("p", "@metadata", "@notifications", "@global", "@x", "record:o:change-1");
    const source = fc.constantFrom("socket", "rest", "server", "resource");
    const event = fc.oneof(fc.constantFrom("updated", "message", "s:x", "pong"), fc.string({ unit: "binary" }));
    fc.assert(
      fc.property(name, source, event, fc.jsonValue(), (channel, from, said, data) => {
        const frame = encode(publication({ name: channel, source: from, event: said, data }));
        if (frame !== undefined) expect(typeof frame[0]).toBe("string");
        if (from === "socket" && !channel.startsWith("@")) expect(frame?.[0] ?? "").not.toMatch(/^(s:|pong$)/);
      }),
      { numRuns: 500 },
    );
  });
});

describe("whatever a client sends", () => {
  const hostile = fc.constantFrom<unknown>({ toString: 1 }, [{ toString: null }], Symbol("s"), Number.NaN, undefined);
  const value = fc.oneof({ weight: 5, arbitrary: fc.jsonValue({ depthSize: "medium" }) }, hostile);
  const part = fc.oneof(
    fc.constantFrom("p", "@notifications", "@metadata", "$", "T2-p", "p-U2", "notification-change", "../x", "a/b"),
    fc.string({ unit: "binary" }),
    value,
  );
  const roomParts = fc.oneof(part, fc.array(part, { maxLength: 5 }));
  const payload = fc.oneof(
    value,
    fc.record({ roomParts, individual: value, tenantId: part, userId: part }, { requiredKeys: [] }),
  );
  const event = fc.oneof(fc.constantFrom<unknown>("subscribe", "unsubscribe", "ping"), fc.string(), value);

  /** Says what of a command could reach past the session's own tenant and user; nothing may. */
  function check(found: Command): void {
    if (found.type === "ping") return;
    expect(found.type).toBe("all");
    for (const one of (found as Extract<Command, { type: "all" }>).commands) {
      if (one.type === "unsubscribe") {
        expect(Object.keys(one).toSorted()).toEqual(["lenient", "subscriptionId", "type"]);
        continue;
      }
      expect(Object.keys(one).toSorted()).toEqual(["channel", "subscriptionId", "type"]);
      const { name, own, ...others } = one.channel as { name: string; own?: true };
      expect(others).toEqual({});
      if (/^[@$]/.test(name)) expect({ name, own }).toEqual({ name: "@notifications", own: true });
    }
  }

  it("never throws, and never gives a command for another tenant or user", () => {
    fc.assert(
      fc.property(event, fc.array(payload, { maxLength: 3 }), (name, args) => {
        const decoded = decode([name, ...args]);
        if (decoded.kind === "command") check(decoded.command);
        else if (decoded.kind === "invalid") expect(decoded.error).toBeInstanceOf(GatewayError);
      }),
      { numRuns: 2000 },
    );
  });

  it("gives different subscriptions for different rooms", () => {
    const name = fc.string({ minLength: 1, maxLength: 6 });
    const room = fc.record({ roomParts: name, individual: fc.boolean() });
    fc.assert(
      fc.property(room, room, (one, other) => {
        const ids = [one, other].map((room) => {
          const found = commandOf("subscribe", room);
          return typeof found === "object" && found.type === "all"
            ? (found.commands[0] as { subscriptionId: string }).subscriptionId
            : undefined;
        });
        const same = one.roomParts === other.roomParts && one.individual === other.individual;
        if (ids[0] !== undefined && ids[1] !== undefined) expect(ids[0] === ids[1]).toBe(same);
      }),
    );
  });
});

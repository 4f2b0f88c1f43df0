import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Outcome } from "../commands.ts";
import type { Decoded, Handshake, SessionFacts } from "../dialect.ts";
import { ERROR_TABLE, GatewayError, type ErrorCode } from "../errors.ts";
import type { Publication } from "../pushes.ts";
import { plazerDialect } from "./plazer.ts";

const dialect = plazerDialect();
const { decode, encode, reply } = dialect;

function handshake(auth: object, headers: Handshake["headers"] = {}): Handshake {
  return { auth: auth as Handshake["auth"], headers };
}

function facts(fields: Partial<SessionFacts>): SessionFacts {
  return {
    socketId: "s1",
    userId: "ann",
    tenantId: "acme",
    nodeId: "n1",
    expiresAt: null,
    serverTime: 1,
    ...fields,
  };
}

function refusal(...frame: readonly unknown[]): string {
  const decoded = decode(frame);
  return decoded.kind === "invalid" ? decoded.error.code : decoded.kind;
}

const published: Publication = {
  type: "publication",
  address: { tenantId: "acme", name: "org:acme" },
  id: "p1",
  event: "message",
  data: { text: "hi" },
  source: "socket",
  sender: { userId: "ann", socketId: "s1" },
  timestamp: 1_700_000_000_123,
  position: { epoch: "e", offset: 3 },
};

describe("connecting", () => {
  it("takes a handshake whose auth has its own token, and nothing else for one", () => {
    expect(dialect.accepts(handshake({ token: "jwt" }))).toBe(true);
    expect(dialect.accepts(handshake({ token: null }))).toBe(true);
    for (const auth of [{}, { Token: "jwt" }, Object.create({ token: "inherited" }) as object]) {
      expect(dialect.accepts(handshake(auth, { authorization: "Bearer jwt", cookie: "token=jwt" }))).toBe(false);
      expect(dialect.credentials(handshake(auth))).toEqual({ kind: "token", token: undefined });
    }
    for (const token of ["jwt", "", null, 7, ["jwt"], { a: 1 }]) {
      expect(dialect.credentials(handshake({ token }))).toEqual({ kind: "token", token });
    }
    expect(dialect.visitor).toBeUndefined();
  });

  it("says Authentication error of credentials, and of other refusals what they are", () => {
    const data = { code: "TOKEN_EXPIRED", message: "Too late", retryable: true };
    expect(dialect.refusal(new GatewayError("TOKEN_EXPIRED", "Too late"))).toEqual({
      message: "Authentication error",
      data,
    });
    for (const code of Object.keys(ERROR_TABLE) as ErrorCode[]) {
      const { message } = dialect.refusal(new GatewayError(code, "As it is"));
      const ofCredentials = code === "UNAUTHENTICATED" || code === "TOKEN_EXPIRED";
      expect([code, message]).toEqual([code, ofCredentials ? "Authentication error" : "As it is"]);
    }
  });

  it("gives each session its user's room, and its organisation's where it has one", () => {
    expect(dialect.rooms?.(facts({}))).toEqual([{ name: "user:ann" }, { name: "org:acme" }]);
    expect(dialect.rooms?.(facts({ tenantId: "default" }))).toEqual([{ name: "user:ann" }]);
    expect(dialect.rooms?.(facts({ userId: null }))).toEqual([]);
    expect(dialect.follows).toEqual([{ name: "@notifications", of: "user" }]);
    expect(dialect.greeting(facts({}))).toEqual([]);
  });
});

describe("decode", () => {
  it("understands message, join and leave", () => {
    const channel = { name: "org:acme" };
    expect(decode(["message", { room: "org:acme", data: [1] }])).toStrictEqual({
      kind: "command",
      event: "message",
      command: { type: "publish", channel, event: "message", data: [1], form: "message" },
    });
    expect(decode(["message", { room: "org:acme" }])).toMatchObject({ command: { data: null } });
    expect(decode(["join", { room: "org:acme" }])).toStrictEqual({
      kind: "command",
      event: "join",
      command: { type: "join", channel },
    });
    expect(decode(["leave", { room: "org:acme" }])).toStrictEqual({
      kind: "command",
      event: "leave",
      command: { type: "leave", channel },
    });
  });

  it("refuses rooms that are no names, and the gateway's own", () => {
    for (const event of ["message", "join", "leave"]) {
      for (const payload of [undefined, null, 0, "org:acme", true, [], [{ room: "a" }]]) {
        expect([event, payload, refusal(event, payload)]).toEqual([event, payload, "INVALID_PAYLOAD"]);
      }
      const rooms = [undefined, null, "", " ", "a b", "a*", "{userId}", 7, true, {}, [], ["org:acme"], "x".repeat(256)];
      for (const room of rooms) {
        expect([event, room, refusal(event, { room, data: 1 })]).toEqual([event, room, "INVALID_PAYLOAD"]);
      }
      for (const room of ["@notifications", "@metadata", "$x"]) expect(refusal(event, { room })).toBe("FORBIDDEN");
    }
  });

  it("knows no other command", () => {
    const names = ["", "Message", "notification", "exception", "subscribe", "publish", "__proto__", "constructor"];
    for (const event of [...names, 0, null, [], {}, undefined]) {
      expect(refusal(event, { room: "org:acme" })).toBe("UNKNOWN_COMMAND");
    }
    expect(refusal()).toBe("UNKNOWN_COMMAND");
  });

  it("never throws, and speaks of no tenant, for any JSON", () => {
    const hostile = fc.constantFrom<unknown>({ toString: 1 }, [{ toString: null }], Symbol("s"));
    const first = fc.oneof(fc.constantFrom("message", "join", "leave"), fc.jsonValue(), hostile);
    fc.assert(
      fc.property(first, fc.array(fc.jsonValue({ depthSize: "medium" }), { maxLength: 3 }), (event, args) => {
        check(decode([event, ...args]));
      }),
      { numRuns: 500 },
    );
  });

  it("never throws, and speaks of no tenant, for valid frames in which something was changed", () => {
    const key = fc.oneof(
      fc.constantFrom("room", "data", "tenantId", "own", "userId", "event", "token", "type", "channel", "__proto__"),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.constantFrom("message", "join", "leave"), key, fc.jsonValue(), (event, name, value) => {
        const payload = Object.fromEntries([
          ...Object.entries({ room: "org:acme", data: { text: "hi" } }),
          [name, value],
        ]);
        const decoded = decode([event, payload]);
        check(decoded);
        if (decoded.kind === "invalid") {
          expect(name).toBe("room");
          expect(["INVALID_PAYLOAD", "FORBIDDEN"]).toContain(decoded.error.code);
        }
      }),
      { numRuns: 500 },
    );
  });

  function check(decoded: Decoded): void {
    if (decoded.kind === "invalid") expect(decoded.error).toBeInstanceOf(GatewayError);
    if (decoded.kind !== "command") return;
    const { command } = decoded;
    if (command.type !== "publish" && command.type !== "join" && command.type !== "leave") {
      throw new Error(`A command ${command.type} that this dialect has not`);
    }
    expect(Object.keys(command).toSorted()).toEqual(
      command.type === "publish" ? ["channel", "data", "event", "form", "type"] : ["channel", "type"],
    );
    expect(Object.keys(command.channel)).toEqual(["name"]);
    expect(command.channel.name).not.toMatch(/^[@$]/u);
    if (command.type === "publish") expect(command.event).toBe("message");
  }
});

describe("reply", () => {
  const request = { kind: "invalid", event: "message", error: new GatewayError("INTERNAL", "x") } as const;
  const error = new GatewayError("FORBIDDEN", "No", { details: { a: 1 } }).toWire();
  const failed: Outcome = { ok: false, error };

  it("answers by acknowledgement where there is one, and pushes failures where there is none", () => {
    expect(reply(request, { ok: true, result: { id: "p1" } }, true)).toStrictEqual({ acknowledgement: [{ ok: true }] });
    expect(reply(request, { ok: true, result: { members: [], total: 0 } }, false)).toStrictEqual({});
    expect(reply(request, failed, true)).toStrictEqual({ acknowledgement: [{ ok: false, error }] });
    expect(reply(request, failed, false)).toStrictEqual({
      frames: [["exception", { code: "FORBIDDEN", message: "No" }]],
    });
  });
});

describe("encode", () => {
  it("tells a client's message with who sent it and when", () => {
    expect(encode(published)).toStrictEqual([
      "message",
      { userId: "ann", data: { text: "hi" }, timestamp: "2023-11-14T22:13:20.123Z" },
    ]);
    const visitor = { ...published, sender: { userId: null, socketId: "s2" } };
    expect(encode(visitor)?.[1]).toMatchObject({ userId: null });
  });

  it("tells everything else as it is", () => {
    for (const source of ["server", "rest", "resource"] as const) {
      expect(encode({ ...published, source })).toStrictEqual(["message", { text: "hi" }]);
    }
    const resource = { type: "message", path: "/messages/1", resource: { id: 1 } };
    expect(encode({ ...published, event: "created", data: resource, source: "resource" })).toStrictEqual([
      "created",
      resource,
    ]);
    expect(encode({ ...published, event: "typing", data: null })).toStrictEqual(["typing", null]);
  });

  it("tells the user's notifications, and nothing of the gateway's other channels", () => {
    const own = { tenantId: "acme", name: "@notifications", userId: "ann" };
    for (const data of ["New task", { name: "Task", body: "b" }, null, ["message"]]) {
      const notification: Publication = { ...published, address: own, event: "notification", data, source: "server" };
      expect(encode(notification)).toStrictEqual(["notification", data]);
    }
    for (const name of ["@metadata", "@global", "@sessions"]) {
      expect(encode({ ...published, address: { tenantId: "acme", name } })).toBeUndefined();
    }
  });

  it("says what went wrong, and has no word for the rest", () => {
    const { address } = published;
    const error = new GatewayError("FORBIDDEN", "No", { details: { a: 1 } }).toWire();
    const said = { code: "FORBIDDEN", message: "No" };
    expect(encode({ type: "error", error })).toStrictEqual(["exception", said]);
    expect(encode({ type: "error", error, address })).toStrictEqual(["exception", { ...said, room: "org:acme" }]);
    expect(encode({ type: "closing", error, reconnect: false })).toStrictEqual(["exception", said]);
    const { id, event, data, timestamp } = published;
    expect(encode({ type: "direct", message: { id, event, data, timestamp } })).toBeUndefined();
    expect(encode({ type: "presence", address, joined: [], left: [], updated: [] })).toBeUndefined();
    expect(encode({ type: "gap", address, position: undefined })).toBeUndefined();
    expect(encode({ type: "expiring", expiresAt: 1 })).toBeUndefined();
  });
});

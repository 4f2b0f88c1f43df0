import { describe, expect, it } from "vitest";
import type { Outcome } from "../commands.ts";
import type { Decoded } from "../dialect.ts";
import { GatewayError } from "../errors.ts";
import type { Member } from "../events.ts";
import type { Publication } from "../pushes.ts";
import { nativeDialect } from "./native.ts";

const { encode, reply } = nativeDialect;
const position = { epoch: "e1", offset: 7 };
const address = { tenantId: "acme", name: "chat:1" };
const sender = { userId: "ann", socketId: "s1" };

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

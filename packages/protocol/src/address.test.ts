import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addressKey,
  checkChannelName,
  checkEventName,
  isChannelName,
  isEventName,
  isIdempotencyKey,
  isReservedName,
  isTenantId,
  isUserId,
  RESERVED_EVENTS,
  utf8Length,
  type ChannelAddress,
} from "./address.ts";
import { GatewayError } from "./errors.ts";

/** White space, control and format characters (the zero-width ones among them), surrogates, and those of patterns. */
const FORBIDDEN = [
  ..." \t\n\r\v\f\u00a0\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000\ufeff",
  ..."\u0000\u0001\u001f\u007f\u0080\u009f",
  ..."\u00ad\u0600\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202e\u2060\u2064\u2066\u206f\ufff9",
  "\u{e0001}",
  "\u{1d173}",
  ..."*{}",
  "\ud800",
  "\udbff",
  "\udc00",
  "\udfff",
];

const VALID = [
  "chat:room1",
  "notifications:user123",
  "/companies/1/workspaces",
  "session.status",
  "john.doe@x.com",
  "a:b",
  "żółw",
  "🐢",
  "👩",
  "e\u0301",
  "__proto__",
  "constructor",
  "?",
  "#",
  "a|b",
  "%00",
  "@x",
  "$x",
  "\u{10ffff}",
];

const NOT_TEXT: readonly unknown[] = [undefined, null, 0, 1, true, [], ["chat:1"], {}, { toString: "x" }, () => "a"];

function code(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (thrown) {
    return thrown instanceof GatewayError ? thrown.code : `not ours: ${String(thrown)}`;
  }
}

describe("channel names and user ids", () => {
  it("takes well-formed Unicode without white space, control and format characters", () => {
    for (const name of VALID) expect([name, isChannelName(name), isUserId(name)]).toEqual([name, true, true]);
  });

  it("refuses every forbidden character, wherever it stands", () => {
    for (const character of FORBIDDEN) {
      for (const name of [character, `a${character}`, `${character}a`, `a${character}b`]) {
        expect([name, isChannelName(name), isUserId(name)]).toEqual([name, false, false]);
      }
    }
  });

  it("counts bytes, not characters", () => {
    const sizes = [
      ["a", 255, 128],
      ["é", 127, 64],
      ["€", 85, 42],
      ["🐢", 63, 32],
    ] as const;
    for (const [character, inName, inUserId] of sizes) {
      expect(isChannelName(character.repeat(inName))).toBe(true);
      expect(isChannelName(character.repeat(inName + 1))).toBe(false);
      expect(isUserId(character.repeat(inUserId))).toBe(true);
      expect(isUserId(character.repeat(inUserId + 1))).toBe(false);
    }
    expect([isChannelName("a".repeat(255)), isChannelName("a".repeat(256))]).toEqual([true, false]);
    expect(isChannelName(`é${"a".repeat(253)}`)).toBe(true);
    expect(isChannelName(`é${"a".repeat(254)}`)).toBe(false);
  });

  it("refuses what is empty or no text", () => {
    for (const value of ["", ...NOT_TEXT]) {
      expect([isChannelName(value), isUserId(value), isTenantId(value), isEventName(value)]).not.toContain(true);
      expect(isIdempotencyKey(value)).toBe(false);
    }
  });

  it("tells invalid names and the gateway's own apart", () => {
    for (const name of VALID.slice(0, -3)) expect(checkChannelName(name, "topic")).toBe(name);
    for (const name of ["@", "@sessions", "$", "$x"]) {
      expect(isReservedName(name)).toBe(true);
      expect(code(() => checkChannelName(name, "topic"))).toBe("FORBIDDEN");
    }
    for (const name of ["", "a b", "x*", ...NOT_TEXT, "a".repeat(256)]) {
      expect(code(() => checkChannelName(name, "topic"))).toBe("INVALID_PAYLOAD");
    }
    try {
      checkChannelName("a b", "topic");
    } catch (thrown) {
      expect((thrown as GatewayError).details).toMatchObject({ path: "topic" });
    }
  });

  it("agrees with the encoder of the platform about bytes", () => {
    const encoder = new TextEncoder();
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
        expect(utf8Length(text)).toBe(encoder.encode(text).length);
      }),
    );
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 0xffff })), (units) => {
        const text = String.fromCharCode(...units);
        expect(utf8Length(text)).toBe(encoder.encode(text).length);
        if (isChannelName(text)) expect(() => encodeURIComponent(text)).not.toThrow();
      }),
    );
  });
});

describe("tenant ids", () => {
  it("takes letters, digits, dots, underscores and hyphens, 1 to 128", () => {
    for (const id of ["default", "A", "a.b_c-d", "0", ".", "-", "constructor", "__proto__", "a".repeat(128)]) {
      expect([id, isTenantId(id)]).toEqual([id, true]);
    }
    for (const id of ["", "a b", "a/b", "a:b", "a\n", "\na", "é", "a@b", "$", "*", "a".repeat(129), "a\u200b"]) {
      expect([id, isTenantId(id)]).toEqual([id, false]);
    }
  });
});

describe("event names and idempotency keys", () => {
  it("refuses exactly the events that Socket.IO keeps for itself", () => {
    expect([...RESERVED_EVENTS].sort()).toEqual([
      "connect",
      "connect_error",
      "disconnect",
      "disconnecting",
      "newListener",
      "removeListener",
    ]);
    for (const event of RESERVED_EVENTS) expect(code(() => checkEventName(event, "event"))).toBe("INVALID_PAYLOAD");
    for (const event of [
      "Connect",
      "connect ",
      "error",
      "ping",
      "session",
      "__proto__",
      "toString",
      "a",
      "é".repeat(128),
    ]) {
      expect(checkEventName(event, "event")).toBe(event);
    }
    expect(code(() => checkEventName("a".repeat(129), "event"))).toBe("INVALID_PAYLOAD");
  });

  it("takes keys of 64 characters of a small alphabet", () => {
    for (const key of ["a", "A-z_0.9:x", "a".repeat(64), "__proto__"]) expect(isIdempotencyKey(key)).toBe(true);
    for (const key of ["", "a b", "a/b", "~", "é", "a\n", "a".repeat(65)]) expect(isIdempotencyKey(key)).toBe(false);
  });
});

describe("addressKey", () => {
  const text = fc.string({
    unit: fc.constantFrom("a", "b", "/", ":", ".", "%", "|", "@", "é"),
    minLength: 1,
    maxLength: 5,
  });
  const address: fc.Arbitrary<ChannelAddress> = fc
    .record({
      tenantId: fc.string({ unit: fc.constantFrom("a", "b", ".", "-", "_"), minLength: 1, maxLength: 3 }),
      name: text,
      userId: fc.option(text, { nil: undefined }),
    })
    .map(({ userId, ...shared }) => (userId === undefined ? shared : { ...shared, userId }));

  it("gives two addresses the same key only if they are equal", () => {
    fc.assert(
      fc.property(fc.array(address, { minLength: 2, maxLength: 40 }), (addresses) => {
        const byKey = new Map<string, ChannelAddress>();
        for (const one of addresses) {
          const known = byKey.get(addressKey(one));
          if (known !== undefined) expect(known).toEqual(one);
          byKey.set(addressKey(one), one);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("keeps apart what looks alike", () => {
    const alike: readonly ChannelAddress[] = [
      { tenantId: "t", name: "a" },
      { tenantId: "t", name: "a", userId: "a" },
      { tenantId: "t", name: "a/a" },
      { tenantId: "t", name: "t/a" },
      { tenantId: "t.a", name: "a" },
      { tenantId: "t", name: "a", userId: "a/a" },
      { tenantId: "t", name: "a/a", userId: "a" },
    ];
    expect(new Set(alike.map(addressKey)).size).toBe(alike.length);
  });
});

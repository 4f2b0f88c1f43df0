import { describe, expect, it } from "vitest";
import { ERROR_TABLE, GatewayError, invalidPayload, type ErrorCode } from "./errors.ts";

/** Section 8 of the specification, row by row: code, retryable, HTTP status, and whether `closing` lets one come back. */
const SPECIFIED: readonly (readonly [ErrorCode, boolean, number | undefined, boolean | undefined])[] = [
  ["UNAUTHENTICATED", false, 401, undefined],
  ["TOKEN_EXPIRED", true, 401, true],
  ["FORBIDDEN", false, 403, undefined],
  ["NOT_FOUND", false, 404, undefined],
  ["INVALID_PAYLOAD", false, 400, undefined],
  ["CONFLICT", false, 409, undefined],
  ["UNKNOWN_COMMAND", false, 404, undefined],
  ["TOO_LARGE", false, 413, undefined],
  ["RATE_LIMITED", true, 429, undefined],
  ["LIMIT_REACHED", false, 429, undefined],
  ["UNAVAILABLE", true, 503, undefined],
  ["SHUTTING_DOWN", true, 503, true],
  ["SLOW_CONSUMER", true, undefined, true],
  ["REVOKED", false, undefined, false],
  ["PROTOCOL_ERROR", false, undefined, false],
  ["INTERNAL", true, 500, undefined],
];

describe("ERROR_TABLE", () => {
  it("is the table of the specification", () => {
    const rows = Object.entries(ERROR_TABLE).map(
      ([code, row]: [string, { retryable: boolean; http?: number; reconnect?: boolean }]) => [
        code,
        row.retryable,
        row.http,
        row.reconnect,
      ],
    );
    expect(rows).toEqual(SPECIFIED);
  });

  it("gives each error its flags, its status and its form on the wire", () => {
    for (const [code, retryable, http] of SPECIFIED) {
      const error = new GatewayError(code, "Text");
      expect([error.code, error.retryable, error.status]).toEqual([code, retryable, http ?? 500]);
      expect(error.toWire()).toStrictEqual({ code, message: "Text", retryable });
      const detailed = new GatewayError(code, "Text", { details: { limit: "x" } });
      expect(detailed.toWire()).toStrictEqual({ code, message: "Text", retryable, details: { limit: "x" } });
    }
  });
});

describe("GatewayError", () => {
  it("keeps what it was caused by out of what callers see", () => {
    const cause = new Error("password: hunter2");
    const error = new GatewayError("UNAVAILABLE", "The broker cannot be reached", { cause });
    expect(error.cause).toBe(cause);
    expect(JSON.stringify(error.toWire())).not.toContain("hunter2");
  });

  it("makes INTERNAL, which tells nothing, of whatever was thrown", () => {
    for (const thrown of [
      new Error("secret"),
      "secret",
      null,
      undefined,
      { code: "FORBIDDEN", message: "secret" },
      1,
    ]) {
      const error = GatewayError.from(thrown);
      expect([error.code, error.cause]).toEqual(["INTERNAL", thrown]);
      expect(JSON.stringify(error.toWire())).not.toContain("secret");
    }
    const ours = new GatewayError("CONFLICT", "Text");
    expect(GatewayError.from(ours)).toBe(ours);
  });

  it("says where a payload is wrong", () => {
    expect(invalidPayload("filter.a", "a number").toWire()).toStrictEqual({
      code: "INVALID_PAYLOAD",
      message: '"filter.a" must be a number',
      retryable: false,
      details: { path: "filter.a", expected: "a number" },
    });
    expect(invalidPayload("", "one object").message).toBe("The payload must be one object");
  });
});

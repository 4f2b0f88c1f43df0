import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { claimsText } from "./claims.ts";

const read = (claims: unknown): unknown => {
  const text = claimsText(claims);
  return text === undefined ? undefined : JSON.parse(text);
};

describe("claimsText", () => {
  it("has claims as they are, and nothing of none", () => {
    const claims = { iss: "https://a", n: 1, list: [null, { a: true }] };
    expect(read(claims)).toEqual(claims);
    for (const none of [undefined, null, {}, [], "text", { f: () => 1, u: undefined }]) {
      expect(claimsText(none)).toBeUndefined();
    }
  });

  it("leaves out whatever has the name of a secret, however deep", () => {
    const claims = { access_token: 1, Client_Secret: 1, a: { password: 1, b: [{ apiKey: 1, c: 2 }] }, cookies: 1 };
    expect(read(claims)).toEqual({ a: { b: [{ c: 2 }] } });
  });

  it("keeps as many as fit into two kibibytes, whatever they are", () => {
    expect(read({ a: 1, b: "ä".repeat(1100), c: 2 })).toEqual({ a: 1 });
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue({ stringUnit: "binary" })), (claims) => {
        const text = claimsText(claims);
        if (text === undefined) return;
        expect(new TextEncoder().encode(text).length).toBeLessThanOrEqual(2049);
        for (const [name, value] of Object.entries(JSON.parse(text) as object)) {
          if (typeof value !== "object") expect(value).toEqual(JSON.parse(JSON.stringify(claims[name])));
        }
      }),
    );
  });

  it("takes what cannot be written as JSON for none", () => {
    const loop: Record<string, unknown> = {};
    loop["loop"] = loop;
    for (const claims of [loop, { big: 1n }]) expect(claimsText(claims)).toBeUndefined();
  });
});

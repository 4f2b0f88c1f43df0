import * as protocol from "@roomcast/protocol";
import fc from "fast-check";
import { expect, it } from "vitest";
import { isChannelName, isUserId } from "./names.ts";

it("names are what the gateway takes for names", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({ unit: fc.constantFrom("a", "@", "$", "*", "{", "\u200B", "\u202E", "\uD800", "😀", " ", "/", "%") }),
    fc.nat(300).map((length) => "é".repeat(length)),
  );
  fc.assert(
    fc.property(text, (some) => {
      expect(isUserId(some)).toBe(protocol.isUserId(some));
      expect(isChannelName(some)).toBe(protocol.isChannelName(some) && !protocol.isReservedName(some));
    }),
    { numRuns: 2000 },
  );
});

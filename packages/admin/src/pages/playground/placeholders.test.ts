import { expect, it } from "vitest";
import { fillPlaceholders, roomsOf } from "./placeholders.ts";

const placeholders = {
  token: () => "T",
  newToken: async () => "N",
  roomToken: async (room: string) => `R(${room})`,
  subscription: () => "S",
};

it.each([
  ["a token", { token: "$token" }, { token: "T" }],
  ["a new one", { token: "$newToken" }, { token: "N" }],
  ["a room's, by Twake's word", { name: "/a", token: "$roomToken" }, { name: "/a", token: "R(/a)" }],
  ["a room's, by native's words", [{ topic: "a", token: "$roomToken" }], [{ topic: "a", token: "R(a)" }]],
  ["a subscription", { subscriptionId: "$subscription" }, { subscriptionId: "S" }],
  ["bytes", { data: { $bytes: "AQID" } }, { data: Uint8Array.of(1, 2, 3) }],
  ["nothing in other texts", ["$tokens", "a $token", null, 1], ["$tokens", "a $token", null, 1]],
])("fills %s", async (_, value, filled) => {
  expect(await fillPlaceholders(value, placeholders)).toEqual(filled);
});

it("keeps a key that would set the prototype a key", async () => {
  const value: unknown = JSON.parse('{ "__proto__": { "admin": true } }');
  const filled = await fillPlaceholders(value, placeholders);
  expect(JSON.stringify(filled)).toBe('{"__proto__":{"admin":true}}');
  expect(Object.getPrototypeOf(filled)).toBe(Object.prototype);
});

it("rejects what cannot be had", async () => {
  const fail = (): never => {
    throw new Error("no token");
  };
  await expect(fillPlaceholders({ token: "$token" }, { ...placeholders, token: fail })).rejects.toThrow("no token");
  await expect(fillPlaceholders({ $bytes: "!" }, placeholders)).rejects.toThrow();
});

it("finds the rooms that need tokens", () => {
  expect(roomsOf({ a: [{ name: "/a", token: "$roomToken" }], topic: "b", token: "$roomToken" })).toEqual(["b", "/a"]);
  expect(roomsOf({ name: "/a", token: "$token" })).toEqual([]);
});

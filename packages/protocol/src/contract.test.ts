import { describe, expect, it } from "vitest";
import { z } from "zod";
import { checkEvents, defineChannels, isChannelContract, type ChannelDefinitions } from "./contract.ts";

const message = z.object({ text: z.string() });

/** What JavaScript may bring instead of definitions. */
function define(definitions: unknown): unknown {
  return defineChannels(definitions as ChannelDefinitions);
}

describe("a contract", () => {
  it("is rules in the order of its patterns", () => {
    const contract = defineChannels({
      "chat:{room}": { events: { message }, subscribe: "anyone", keep: false },
      "audit:**": { subscribe: "service", publish: undefined as never },
      "**": {},
    });
    expect(contract.rules).toEqual([
      { match: "chat:{room}", events: { message }, subscribe: "anyone", keep: false },
      { match: "audit:**", subscribe: "service" },
      { match: "**" },
    ]);
    expect(contract.rules[0]?.events?.["message"]).toBe(message);
    expect(isChannelContract(contract)).toBe(true);
    for (const other of [undefined, null, [], {}, contract.rules, "rules", { rules: [] }]) {
      expect(isChannelContract(other)).toBe(false);
    }
  });

  it("freezes what is its own, and leaves schemas alone", () => {
    const events = { message: z.object({ text: z.string() }) };
    const { rules } = defineChannels({ "chat:{room}": { events } });
    expect([Object.isFrozen(rules), Object.isFrozen(rules[0]), Object.isFrozen(rules[0]?.events)]).toEqual([
      true,
      true,
      true,
    ]);
    expect([Object.isFrozen(events), Object.isFrozen(events.message)]).toEqual([false, false]);
  });

  it("takes rights afterwards, which the shared module need not know", () => {
    const shared = defineChannels({ "chat:{room}": { events: { message }, keep: false }, news: {} });
    const isMember = (): boolean => true;
    const server = shared.withRights({ "chat:{room}": { subscribe: isMember, slow: "resync" } });
    expect(server.rules).toEqual([
      { match: "chat:{room}", events: { message }, keep: false, subscribe: isMember, slow: "resync" },
      { match: "news" },
    ]);
    expect(shared.rules[0]).not.toHaveProperty("subscribe");
    expect(server.definitions).toBe(shared.definitions);
    expect(() => shared.withRights({ "chat:{rom}": {} } as never)).toThrow(/no channel "chat:\{rom\}" in the contract/);
    expect(() => shared.withRights({ toString: {} } as never)).toThrow(/no channel "toString"/);
    expect(() => shared.withRights({ "chat:{room}": { keep: false } })).toThrow(
      /"keep".*"chat:\{room\}" is given twice/,
    );
    expect(() => shared.withRights({ news: { events: { message } } as never })).toThrow(/said where the contract is/);
    expect(() => shared.withRights({ news: { subscribes: "anyone" } as never })).toThrow(/"subscribes"/);
    expect(() => shared.withRights([] as never)).toThrow(/an object/);
  });

  it.each([
    ["no object", [], /an object of channel patterns/],
    ["nothing", undefined, /an object of channel patterns/],
    ["a pattern that is none", { "chat:{": {} }, /stray/],
    ["an empty pattern", { "": {} }, /1 to 512/],
    ["** before the end", { "a:**:b": {} }, /\*\* before its end/],
    ["the same pattern under other names", { "chat:{room}": {}, "chat:{id}": {} }, /"chat:\{id\}" matches nothing/],
    ["a number", { "42": {} }, /is a number/],
    ["a definition that is none", { news: "anyone" }, /"news" must have an object/],
    ["an unknown key", { news: { subscribers: "anyone" } }, /"subscribers" of the channel "news" is not known/],
    ["no events", { news: { events: {} } }, /at least one event/],
    ["events that are a list", { news: { events: [message] } }, /at least one event/],
    ["an event without a name", { news: { events: { "": message } } }, /"" of the channel "news" cannot be an event/],
    ["a name that Socket.IO keeps", { news: { events: { connect_error: message } } }, /"connect_error".*Socket\.IO/],
    ["a name that is too long", { news: { events: { ["x".repeat(129)]: message } } }, /1 to 128 characters/],
    ["a schema that is none", { news: { events: { flash: { type: "string" } } } }, /"flash".*Standard Schema/],
    ["no schema", { news: { events: { flash: null } } }, /"flash".*Standard Schema/],
    ["half a schema", { news: { events: { flash: { "~standard": {} } } } }, /"flash".*Standard Schema/],
    ["rights of a built-in name", { "org:{tenantId}": { subscribe: "anyone" } }, /rules for such names/],
  ])("refuses %s, and says so", (_what, definitions, expected) => {
    expect(() => define(definitions)).toThrow(expected);
  });

  it("tells patterns of users and tenants from others", () => {
    const contract = defineChannels({ "a:{userId}": {}, "a:{tenantId}": {}, "a:{room}": {}, "user:{userId}": {} });
    expect(contract.rules).toHaveLength(4);
  });

  it("has schemas that are functions, and events called like an object's own", () => {
    const schema = Object.assign(() => true, {
      "~standard": { version: 1 as const, vendor: "own", validate: (value: unknown) => ({ value }) },
    });
    const events = checkEvents(
      "news",
      JSON.parse('{"__proto__":0,"constructor":0}', (key, value: unknown) => (key === "" ? value : schema)),
    );
    expect(Object.keys(events)).toEqual(["__proto__", "constructor"]);
    expect(Object.hasOwn(events, "__proto__")).toBe(true);
  });

  it("publishes through a gateway as it is", async () => {
    const calls: unknown[][] = [];
    const publisher = defineChannels({ "chat:{room}": { events: { message } } }).publisher({
      publish: async (...args: unknown[]) => calls.push(args),
    });
    const address = { tenantId: "acme", name: "chat:1" } as const;
    expect(await publisher.publish(address, "message", { text: "hi" })).toBe(1);
    expect(calls).toEqual([[address, "message", { text: "hi" }, undefined]]);
  });
});

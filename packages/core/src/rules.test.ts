import type { ChannelAction, Principal } from "@roomcast/protocol";
import { describe, expect, it } from "vitest";
import type { PolicyContext, Verdict } from "./policy.ts";
import { ChannelRules, type ChannelRule, type Right } from "./rules.ts";
import { testPrincipal, trustingAuthenticator } from "./testing/index.ts";

const ACTIONS: readonly ChannelAction[] = ["subscribe", "presence", "history", "publish"];
const alice = testPrincipal();
const bob = testPrincipal({ userId: "bob" });
const service = testPrincipal({ userId: "svc", roles: ["service"] });
const admin = testPrincipal({ userId: "root", roles: ["admin"] });
const operator = testPrincipal({ userId: "op", roles: ["operator"] });
const visitor = testPrincipal({ userId: null, roles: [], anonymous: true });
const EVERYBODY = { alice, bob, service, admin, operator, visitor } as const;
type Who = keyof typeof EVERYBODY;

async function verdict(
  rules: readonly ChannelRule[],
  principal: Principal,
  action: ChannelAction,
  name: string,
  context: PolicyContext = { following: false },
): Promise<Verdict> {
  const policy = new ChannelRules({ rules, auth: trustingAuthenticator });
  return await policy.decide(principal, action, { tenantId: principal.tenantId, name }, context);
}

async function who(rules: readonly ChannelRule[], action: ChannelAction, name: string, context?: PolicyContext) {
  const allowed: string[] = [];
  for (const [key, principal] of Object.entries(EVERYBODY)) {
    if ((await verdict(rules, principal, action, name, context)).allowed) allowed.push(key);
  }
  return allowed;
}

const LOGGED_IN = ["alice", "bob", "service", "admin", "operator"];
const ALL = [...LOGGED_IN, "visitor"];
const PRIVILEGED = ["service", "admin", "operator"];
const is =
  (...users: readonly string[]): Right =>
  (principal) =>
    users.includes(String(principal.userId));

describe("ChannelRules", () => {
  it("gives each right to whom it names, for reading", async () => {
    const table: readonly (readonly [Right, readonly string[]])[] = [
      ["anyone", ALL],
      ["authenticated", LOGGED_IN],
      ["owner", ["alice"]],
      ["roomToken", []],
      ["service", PRIVILEGED],
      ["nobody", []],
      [is("bob"), ["bob"]],
      [async (principal) => principal.anonymous, ["visitor"]],
    ];
    for (const [right, allowed] of table) {
      for (const action of ["subscribe", "presence", "history"] as const) {
        const rules = [{ match: "inbox:{userId}", subscribe: right }];
        expect([right, action, await who(rules, action, "inbox:alice")]).toEqual([right, action, allowed]);
      }
    }
  });

  it("gives each right to whom it names, for publishing to what one follows; the privileged always may", async () => {
    const table: readonly (readonly [Right | "member", readonly string[]])[] = [
      ["anyone", ALL],
      ["authenticated", LOGGED_IN],
      ["owner", ["alice", ...PRIVILEGED]],
      ["service", PRIVILEGED],
      ["nobody", PRIVILEGED],
      ["member", ALL],
      [is("bob"), ["bob", ...PRIVILEGED]],
    ];
    for (const [publish, allowed] of table) {
      const rules = [{ match: "inbox:{userId}", subscribe: "anyone", publish } as const];
      const found = await who(rules, "publish", "inbox:alice", { following: "rule" });
      expect([publish, found]).toEqual([publish, ALL.filter((name) => allowed.includes(name))]);
      expect(await who(rules, "publish", "inbox:alice")).toEqual(PRIVILEGED);
    }
  });

  it("has presence and history need the right to subscribe besides their own", async () => {
    for (const action of ["presence", "history"] as const) {
      const of = (subscribe: Right, own: Right): Promise<string[]> =>
        who([{ match: "**", subscribe, [action]: own }], action, "x");
      expect(await of("authenticated", "anyone")).toEqual(LOGGED_IN);
      expect(await of("anyone", "authenticated")).toEqual(LOGGED_IN);
      expect(await of("nobody", "anyone")).toEqual([]);
      expect(await of("anyone", "nobody")).toEqual([]);
      expect(await of(is("alice", "bob"), is("bob", "svc"))).toEqual(["bob"]);
      expect(await of(async () => true, is("bob"))).toEqual(["bob"]);
      expect(await of(is("bob"), async () => true)).toEqual(["bob"]);
      const other = action === "presence" ? "history" : "presence";
      expect(await who([{ match: "**", subscribe: "anyone", [other]: "nobody" }], action, "x")).toEqual(ALL);
    }
  });

  it("defaults: logged in to read, followers to publish, 100 events for 300 s, disconnect", async () => {
    for (const rules of [[], [{ match: "**" }]]) {
      for (const action of ["subscribe", "presence", "history"] as const) {
        expect(await who(rules, action, "x")).toEqual(LOGGED_IN);
      }
      expect(await who(rules, "publish", "x")).toEqual(PRIVILEGED);
      expect(await who(rules, "publish", "x", { following: "rule" })).toEqual(expect.arrayContaining(LOGGED_IN));
      const settings = new ChannelRules({ rules }).settings({ tenantId: "t", name: "x" });
      expect(settings).toEqual({ keep: { size: 100, seconds: 300 }, slow: "disconnect" });
    }
  });

  it("has the first rule that matches decide, with its settings", async () => {
    const rules: readonly ChannelRule[] = [
      { match: "chat:secret", subscribe: "nobody", keep: false },
      { match: "chat:{room}", subscribe: "anyone", slow: "resync", keep: { size: 5, seconds: 6 } },
      { match: "chat:**", subscribe: "service" },
    ];
    expect(await who(rules, "subscribe", "chat:secret")).toEqual([]);
    expect(await who(rules, "subscribe", "chat:1")).toEqual(ALL);
    expect(await who(rules, "subscribe", "chat:1:2")).toEqual(PRIVILEGED);
    expect(await who(rules, "subscribe", "other")).toEqual(LOGGED_IN);
    const policy = new ChannelRules({ rules });
    const settings = (name: string) => policy.settings({ tenantId: "t", name });
    expect(settings("chat:secret")).toMatchObject({ keep: false, slow: "disconnect" });
    expect(settings("chat:1")).toEqual({ keep: { size: 5, seconds: 6 }, slow: "resync" });
    expect(settings("other").keep).toEqual({ size: 100, seconds: 300 });
  });

  it("leaves a user's channel to nobody else's rule behind it", async () => {
    const rules: readonly ChannelRule[] = [
      { match: "inbox:{userId}", subscribe: "owner" },
      { match: "**", subscribe: "anyone" },
    ];
    expect(await who(rules, "subscribe", "inbox:alice")).toEqual(["alice"]);
    expect(await who(rules, "subscribe", "inbox:carol")).toEqual([]);
    const odd = testPrincipal({ userId: "a:b/c.d@x" });
    expect((await verdict(rules, odd, "subscribe", "inbox:a:b/c.d@x")).allowed).toBe(true);
    expect((await verdict(rules, odd, "subscribe", "inbox:a:b/c.d@xy")).allowed).toBe(false);
  });

  it("knows the built-in names, whatever the user's rules say", async () => {
    const open: readonly ChannelRule[] = [{ match: "**", subscribe: "anyone", publish: "anyone", keep: false }];
    const follows = { following: "rule" } as const;
    const names = (action: ChannelAction, name: string, context?: PolicyContext) => who(open, action, name, context);
    for (const kind of ["user", "notifications"]) {
      for (const action of ["subscribe", "presence", "history"] as const) {
        expect(await names(action, `${kind}:alice`)).toEqual(["alice", ...PRIVILEGED]);
        expect(await names(action, `${kind}:nobody`)).toEqual(PRIVILEGED);
        expect(await names(action, `${kind}:alice:x`)).toEqual(PRIVILEGED);
        expect(await names(action, `${kind}:`)).toEqual(PRIVILEGED);
      }
      expect(await names("publish", `${kind}:alice`, follows)).toEqual(PRIVILEGED);
    }
    expect(await names("subscribe", "org:default")).toEqual(LOGGED_IN);
    expect(await names("publish", "org:default", follows)).toEqual(LOGGED_IN);
    for (const name of ["org:other", "org:", "org:default:x"]) {
      expect([name, await names("subscribe", name)]).toEqual([name, PRIVILEGED]);
      expect([name, await names("publish", name, follows)]).toEqual([name, PRIVILEGED]);
    }
    expect(await names("subscribe", "users:alice")).toEqual(ALL);
    const settings = new ChannelRules({ rules: open }).settings({ tenantId: "t", name: "user:alice" });
    expect(settings.keep).toEqual({ size: 100, seconds: 300 });
  });

  it("adds what a token grants, and lets a subscription that is owed to a grant publish only if it lists publish", async () => {
    const rules: readonly ChannelRule[] = [{ match: "**", subscribe: "nobody" }];
    const grants = {
      "room:{id}": ["subscribe"],
      "talk:**": ["subscribe", "publish"],
      "user:bob": ["subscribe"],
    } as const;
    const granted = testPrincipal({ grants });
    const ask = (action: ChannelAction, name: string, context?: PolicyContext) =>
      verdict(rules, granted, action, name, context);
    expect(await ask("subscribe", "room:1")).toMatchObject({ allowed: true, by: "grant" });
    expect(await ask("subscribe", "user:bob")).toMatchObject({ allowed: true, by: "grant" });
    for (const action of ["presence", "history"] as const) expect((await ask(action, "room:1")).allowed).toBe(false);
    expect((await ask("subscribe", "room:1:2")).allowed).toBe(false);
    expect((await ask("publish", "room:1", { following: "grant" })).allowed).toBe(false);
    expect(await ask("publish", "talk:1", { following: "grant" })).toMatchObject({ allowed: true, by: "grant" });
    expect((await ask("publish", "talk:1")).allowed).toBe(false);
    // Where a rule allows it too, it is owed to the rule.
    const both = await verdict([], granted, "subscribe", "room:1");
    expect(both).toMatchObject({ allowed: true, by: "rule" });
    expect((await verdict([], granted, "publish", "room:1", { following: "rule" })).allowed).toBe(true);
  });

  it("reaches nothing but its grants with channelsOnly, privileged or not", async () => {
    for (const roles of [["client"], ["service"], ["admin"], ["operator"]] as const) {
      const only = testPrincipal({ roles, grantsOnly: true, grants: { "room:1": ["subscribe", "presence"] } });
      const ask = async (action: ChannelAction, name: string, context?: PolicyContext) =>
        (await verdict([{ match: "**", subscribe: "anyone", publish: "anyone" }], only, action, name, context)).allowed;
      expect(await ask("subscribe", "room:1")).toBe(true);
      expect(await ask("presence", "room:1")).toBe(true);
      expect(await ask("history", "room:1")).toBe(false);
      expect(await ask("publish", "room:1", { following: "grant" })).toBe(false);
      for (const name of ["room:2", "user:alice", "org:default", "x"]) {
        for (const action of ACTIONS) expect(await ask(action, name, { following: "rule" })).toBe(false);
      }
    }
  });

  it("gives functions the principal and the parameters, believes only true, and wants to be asked again", async () => {
    const asked: unknown[] = [];
    const rules = (answer: unknown): readonly ChannelRule[] => [
      {
        match: "doc:{id}/{userId}",
        subscribe: (principal, params) => {
          asked.push([principal.userId, { ...params }]);
          return answer as boolean;
        },
      },
    ];
    expect(await verdict(rules(true), alice, "subscribe", "doc:1/alice")).toEqual({
      allowed: true,
      by: "rule",
      recheck: true,
    });
    expect(await verdict(rules(Promise.resolve(false)), alice, "subscribe", "doc:1/bob")).toEqual({ allowed: false });
    expect(asked).toEqual([
      ["alice", { id: "1", userId: "alice" }],
      ["alice", { id: "1", userId: "bob" }],
    ]);
    for (const nonsense of [1, "true", {}, [], null, undefined, Promise.resolve("yes"), Promise.resolve(undefined)]) {
      await expect(verdict(rules(nonsense), alice, "subscribe", "doc:1/alice")).rejects.toThrow();
    }
    const granted = testPrincipal({ grants: { "**": ["subscribe"] } });
    expect(await verdict(rules(Promise.reject(new Error("fails"))), granted, "subscribe", "doc:1/x")).toMatchObject({
      allowed: true,
      by: "grant",
    });
  });

  it("leaves a channel of one user alone to that user", async () => {
    const policy = new ChannelRules({ rules: [{ match: "**", subscribe: "anyone" }] });
    for (const action of ACTIONS) {
      const ask = async (principal: Principal) =>
        (
          await policy.decide(
            principal,
            action,
            { tenantId: "default", name: "x", userId: "alice" },
            { following: "rule" },
          )
        ).allowed;
      const names = Object.keys(EVERYBODY) as Who[];
      const answers = await Promise.all(names.map((name) => ask(EVERYBODY[name])));
      expect(names.filter((_, n) => answers[n])).toEqual(["alice"]);
    }
  });

  it("leaves a channel of one user to none of that user's credentials that reach their grants alone", async () => {
    const policy = new ChannelRules({ rules: [] });
    const alice = testPrincipal({ grantsOnly: true, grants: { "**": [...ACTIONS] } });
    const address = { tenantId: "default", name: "x", userId: "alice" };
    for (const action of ACTIONS) {
      expect(await policy.decide(alice, action, address, { following: "rule" })).toEqual({ allowed: false });
    }
  });

  it.each([{ size: 1.5, seconds: 1 }, { size: 0, seconds: 1 }, { size: 1, seconds: Number.NaN }, { size: 1 }])(
    "says that a channel cannot keep %j",
    (keep) => {
      const wrong = { match: "a", keep } as ChannelRule;
      expect(() => new ChannelRules({ rules: [wrong] })).toThrow('keep of the channel "a"');
    },
  );

  it("says which pattern is wrong", () => {
    expect(() => new ChannelRules({ rules: [{ match: "a" }, { match: "chat:{a}{b}" }] })).toThrow(/chat:\{a\}\{b\}/);
  });
});

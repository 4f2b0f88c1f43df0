import type { Principal } from "@roomcast/protocol";
import { describe, expect, it } from "vitest";
import type { Authenticator } from "./auth.ts";
import { TestGateway, trustingAuthenticator } from "./testing/index.ts";

const failed = (code: string) => ({ ok: false, error: expect.objectContaining({ code }) as unknown });
const never = new Promise<never>(() => {});
/** Looks like a promise and is none. */
const thenableOfNothing: object = JSON.parse('{"then":0}', (name, value: unknown) =>
  name === "then" ? () => 42 : value,
);

/** What code of others may do instead of answering. */
const NONSENSE: readonly (readonly [string, () => unknown])[] = [
  ["throws", () => raise(new Error("secret of the application"))],
  ["throws text", () => raise("text")],
  ["throws nothing", () => raise(undefined)],
  ["rejects", () => Promise.reject(new Error("secret of the application"))],
  ["rejects with an error of ours by its shape", () => Promise.reject({ code: "FORBIDDEN", toWire: 1 })],
  ["hangs", () => never],
  ["returns a number", () => 1],
  ["returns text", () => "true"],
  ["returns null", () => null],
  ["returns nothing", () => undefined],
  ["returns an object", () => ({ allowed: true, principal: {} })],
  ["returns a function", () => () => true],
  ["returns a symbol", () => Symbol("true")],
  ["resolves to nonsense", async () => "yes"],
  ["returns a thenable that is none", () => thenableOfNothing],
  ["returns a trap", () => new Proxy({}, { get: () => raise(new Error("trap")) })],
];

function raise(thrown: unknown): never {
  throw thrown;
}

describe("a rule function", () => {
  it("that throws, hangs or answers nonsense refuses, tells nothing, and stops nobody else", async () => {
    for (const [what, hook] of NONSENSE) {
      const failures: unknown[] = [];
      const test = new TestGateway({
        channels: [{ match: "bad:**", subscribe: hook as () => boolean, publish: hook as () => boolean }],
        observer: { failed: (where) => failures.push(where) },
      });
      const [alice, bob] = [await test.connect(), await test.connect({ userId: "bob" })];
      const asked = ["subscribe", "join", "history", "members"].map((event) =>
        alice.request(event, event === "subscribe" ? { topic: "bad:1" } : { channel: "bad:1" }),
      );
      await test.settle();
      expect([what, await bob.request("join", { channel: "good" })]).toMatchObject([what, { ok: true }]);
      await test.advance(30_000);
      for (const answer of await Promise.all(asked)) {
        expect([what, answer]).toEqual([what, failed("UNAVAILABLE")]);
        expect(JSON.stringify(answer)).not.toContain("secret");
      }
      expect(failures.length).toBeGreaterThan(0);
      expect(await alice.request("join", { channel: "good" })).toMatchObject({ ok: true, total: 2 });
      expect([alice.closed, test.gateway.channelCount]).toEqual([undefined, 1]);
    }
  });

  it("that begins to fail ends what it had allowed", async () => {
    for (const [what, hook] of NONSENSE) {
      let broken = false;
      const test = new TestGateway({
        channels: [{ match: "f", subscribe: () => (broken ? (hook() as boolean) : true) }],
      });
      const alice = await test.connect();
      await alice.request("join", { channel: "f" });
      broken = true;
      await test.advance(300_000 + 5000);
      expect([what, alice.received("error")]).toMatchObject([what, [{ code: "UNAVAILABLE", channel: "f" }]]);
      expect(test.gateway.channelCount).toBe(0);
    }
  });

  it("for direct messages refuses too", async () => {
    for (const [what, hook] of NONSENSE) {
      const test = new TestGateway({ direct: hook as () => boolean });
      const [alice, bob] = [await test.connect(), await test.connect({ userId: "bob" })];
      const asked = alice.request("direct", { to: { userId: "bob" }, event: "e" });
      await test.advance(5000);
      expect([what, (await asked)["ok"], bob.events()]).toEqual([what, false, []]);
    }
  });
});

describe("an authenticator", () => {
  it("that throws, hangs or answers nonsense lets nobody in, and works again afterwards", async () => {
    for (const [what, hook] of NONSENSE) {
      let broken = true;
      const auth: Authenticator = {
        authenticate: (credentials) => (broken ? (hook() as never) : trustingAuthenticator.authenticate(credentials)),
      };
      const test = new TestGateway({ auth });
      const connecting = test.connect().then(
        () => "in",
        (error: { code?: string; message?: string }) => `${error.code} ${error.message}`,
      );
      await test.advance(5000);
      expect([what, await connecting]).toEqual([
        what,
        expect.stringMatching(/^(UNAVAILABLE|UNAUTHENTICATED|INTERNAL) /),
      ]);
      expect(await connecting).not.toContain("secret");
      broken = false;
      const alice = await test.connect();
      broken = true;
      const refreshing = alice.request("refresh", { token: "x" });
      await test.advance(5000);
      expect([what, (await refreshing)["ok"], alice.closed]).toEqual([what, false, undefined]);
      expect(test.gateway.sessionCount).toBe(1);
    }
  });

  it("that names somebody impossible lets nobody in", async () => {
    const impossible: readonly object[] = [
      { userId: "" },
      { userId: "a b" },
      { userId: "a\u200bb" },
      { userId: "\ud800" },
      { userId: "a".repeat(129) },
      { userId: ["alice"] },
      { userId: 1 },
      { userId: undefined },
      { userId: null },
      { anonymous: true },
      { anonymous: "no" },
      { tenantId: "" },
      { tenantId: "a/b" },
      { tenantId: "$" },
      { tenantId: ["default"] },
      { tenantId: "a".repeat(129) },
      { tenantId: undefined },
      { roles: "admin" },
      { roles: ["root"] },
      { roles: undefined },
      { grants: undefined },
      { grants: { "{": ["subscribe"] } },
      { grants: { a: "subscribe" } },
      { grantsOnly: "true" },
      { expiresAt: Number.NaN },
      { expiresAt: "soon" },
      { issuedAt: Number.POSITIVE_INFINITY },
      { info: "text" },
      { info: [] },
    ];
    const test = new TestGateway();
    for (const fields of impossible) {
      const connecting = test.connect(fields as Partial<Principal>);
      await expect(connecting, JSON.stringify(fields)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    }
    await expect(test.connect({ expiresAt: test.clock.now() })).rejects.toMatchObject({ code: "TOKEN_EXPIRED" });
    expect(test.gateway.sessionCount).toBe(0);
  });

  it("tells what it did wrong to an observer that is a class", async () => {
    class Log {
      readonly #failures: string[] = [];
      failed(where: string): void {
        this.#failures.push(where);
      }
      get failures(): readonly string[] {
        return this.#failures;
      }
    }
    const observer = new Log();
    const auth: Authenticator = { authenticate: async () => ({ principal: null as unknown as Principal }) };
    const test = new TestGateway({ auth, observer });
    await expect(test.connect()).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    expect(observer.failures).toEqual(["authenticate"]);
  });
});

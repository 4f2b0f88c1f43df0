import { GatewayError } from "@roomcast/protocol";
import { describe, expect, it } from "vitest";
import { Hooks, HOOK_TIMEOUT_MS } from "./hooks.ts";
import { ManualClock, turn } from "./testing/index.ts";

function make(concurrent = 2) {
  const clock = new ManualClock();
  const failures: { where: string; error: unknown }[] = [];
  const hooks = new Hooks({ clock, concurrent, failed: (where, error) => failures.push({ where, error }) });
  return { clock, failures, hooks };
}

/** A promise and the ways to settle it. */
function deferred<T>() {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** Something with a `then` that is no promise. */
function thenable(then: (resolve: (value: number) => void) => void): Promise<number> {
  const made: object = {};
  Reflect.set(made, "then", then);
  return made as Promise<number>;
}

async function codeOf(call: () => unknown): Promise<string> {
  try {
    await call();
    return "resolved";
  } catch (thrown) {
    return thrown instanceof GatewayError ? thrown.code : `not ours: ${String(thrown)}`;
  }
}

describe("Hooks", () => {
  it("answers at once where the hook does", () => {
    const { hooks, clock } = make();
    expect(hooks.call("rule", () => 5)).toBe(5);
    expect(clock.pending).toBe(0);
  });

  it("makes UNAVAILABLE of whatever is thrown, tells it, and passes our own errors on", async () => {
    const { hooks, failures } = make();
    const thrown = [new Error("secret"), "text", null, undefined, 0, { code: "FORBIDDEN" }];
    for (const one of thrown) {
      const fail = (): never => {
        // oxlint-disable-next-line typescript/only-throw-error -- what others throw need be no error
        throw one;
      };
      const failing = [fail, async () => fail()];
      for (const hook of failing) expect(await codeOf(() => hooks.call("rule", hook))).toBe("UNAVAILABLE");
    }
    expect(failures.length).toBe(2 * thrown.length);
    expect(failures[0]).toEqual({ where: "rule", error: thrown[0] });
    const ours = new GatewayError("TOKEN_EXPIRED", "x");
    expect(await codeOf(() => hooks.call("auth", () => Promise.reject(ours)))).toBe("TOKEN_EXPIRED");
    expect(failures.length).toBe(2 * thrown.length);
  });

  it("refuses what hangs at five seconds, not before, and takes no late answer", async () => {
    const { hooks, clock } = make();
    const late = deferred<number>();
    let outcome = "pending";
    void codeOf(() => hooks.call("rule", () => late.promise)).then((code) => (outcome = code));
    await clock.advance(HOOK_TIMEOUT_MS - 1);
    expect(outcome).toBe("pending");
    await clock.advance(1);
    expect(outcome).toBe("UNAVAILABLE");
    late.resolve(1);
    await turn();
    expect([outcome, clock.pending]).toEqual(["UNAVAILABLE", 0]);
    const rejectsLate = deferred<number>();
    const refused = codeOf(() => hooks.call("rule", () => rejectsLate.promise));
    await clock.advance(HOOK_TIMEOUT_MS);
    expect(await refused).toBe("UNAVAILABLE");
    rejectsLate.reject(new Error("nobody hears this"));
    await turn();
  });

  it("has only so many under way, and lets the others in as places come free", async () => {
    const { hooks, clock } = make(2);
    const places = Array.from({ length: 6 }, () => deferred<number>());
    const begun: number[] = [];
    const results = places.map(
      async ({ promise }, n) =>
        await hooks.call("auth", () => {
          begun.push(n);
          return promise;
        }),
    );
    const all = Promise.allSettled(results);
    await turn();
    expect(begun).toEqual([0, 1]);
    for (const [n, { resolve, reject }] of places.entries()) {
      if (n % 2) reject(new Error("fails"));
      else resolve(n);
      await turn();
      expect(begun).toEqual([0, 1, 2, 3, 4, 5].slice(0, Math.min(6, n + 3)));
    }
    const settled = await all;
    expect(settled.map(({ status }) => status === "fulfilled")).toEqual([true, false, true, false, true, false]);
    expect(clock.pending).toBe(0);
  });

  it("lets all that answer at once pass when a place comes free", async () => {
    const { hooks } = make(1);
    const first = deferred<number>();
    const busy = hooks.call("auth", () => first.promise);
    const waiting = [1, 2, 3].map((n) => hooks.call("rule", () => n));
    first.resolve(0);
    expect(await Promise.all([busy, ...waiting])).toEqual([0, 1, 2, 3]);
  });

  it("lets the next pass behind one that throws at once", async () => {
    const { hooks, clock } = make(1);
    const first = deferred<number>();
    const busy = hooks.call("auth", () => first.promise);
    const throws = codeOf(() =>
      hooks.call("rule", () => {
        throw new Error("fails");
      }),
    );
    const behind = hooks.call("rule", () => 2);
    first.resolve(0);
    expect([await busy, await throws]).toEqual([0, "UNAVAILABLE"]);
    await turn();
    expect(clock.pending).toBe(0);
    expect(await behind).toBe(2);
  });

  it("refuses who waits five seconds for a place, and keeps no trace of it", async () => {
    const { hooks, clock } = make(1);
    const stuck = new Promise<number>(() => {});
    const refused = codeOf(() => hooks.call("auth", () => stuck));
    await clock.advance(1);
    const waiting = codeOf(() => hooks.call("auth", () => stuck));
    await clock.advance(HOOK_TIMEOUT_MS - 1);
    expect(await refused).toBe("UNAVAILABLE");
    await clock.advance(HOOK_TIMEOUT_MS);
    expect(await waiting).toBe("UNAVAILABLE");
    expect(await codeOf(() => hooks.call("auth", () => Promise.resolve(1)))).toBe("resolved");
    expect(clock.pending).toBe(0);
  });

  it("waits for anything that has a then", async () => {
    const { hooks } = make();
    expect(await hooks.call("rule", () => thenable((resolve) => resolve(7)))).toBe(7);
    const broken = thenable(() => {
      throw new Error("no promise at all");
    });
    expect(await codeOf(() => hooks.call("rule", () => broken))).toBe("UNAVAILABLE");
  });
});

import { GatewayError } from "@roomcast/protocol";
import { expect, it, vi } from "vitest";
import type { Draft } from "@roomcast/core";
import { Keys } from "./keys.ts";
import type { RedisLink } from "./link.ts";
import { Outbox } from "./outbox.ts";

const CHANNEL = { tenantId: "acme", name: "chat:1" };
const KEEP = { size: 10, seconds: 60 };

/** A Redis that takes its time for each step, and an account that is written when `account` is over. */
function setUp({ stepMs, account = Promise.resolve() }: { readonly stepMs: number; readonly account?: Promise<void> }) {
  let top = 0;
  const steps: number[] = [];
  const waiting = async (milliseconds: number): Promise<void> =>
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
  const link = {
    run: async (_script: unknown, _keys: unknown, args: readonly unknown[]) => {
      await waiting(stepMs);
      const lines = args.length - 5;
      steps.push(lines);
      top += lines;
      return ["epoch", 0, top - lines + 1];
    },
  } as unknown as RedisLink;
  const accounts = { admit: async () => undefined, appended: async () => await account };
  let ids = 0;
  const newId = (): string => `id${++ids}`;
  const outbox = new Outbox({ link, keys: new Keys("test"), newId, logBytes: 1e6, outliveMs: 1000, accounts });
  const publish = (data: unknown) => {
    const draft: Draft = { event: "said", data, source: "server", timestamp: 0 };
    return outbox.publish(CHANNEL, draft, { keep: KEEP }).then(
      ({ position }) => position?.offset,
      (error: unknown) => (error instanceof GatewayError ? error.code : error),
    );
  };
  return { publish, steps };
}

it("answers everybody within the time, by refusing what it has not sent where Redis is slow", async () => {
  const { publish, steps } = setUp({ stepMs: 300 });
  const answers: unknown[] = [];
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  try {
    for (let n = 0; n < 10_000; n++) void publish(n).then((answer) => answers.push(answer));
    // What is published goes at the end of the tick.
    await new Promise((resolve) => setImmediate(resolve));
    await vi.advanceTimersByTimeAsync(2000);
  } finally {
    vi.useRealTimers();
  }
  expect(answers).toHaveLength(10_000);
  const done = answers.filter((answer) => typeof answer === "number");
  expect(done).toEqual(Array.from({ length: done.length }, (_, n) => n + 1));
  expect(answers.filter((answer) => answer === "UNAVAILABLE")).toHaveLength(answers.length - done.length);
  expect(steps.reduce((sum, lines) => sum + lines, 0)).toBe(done.length);
  expect(done.length).toBeGreaterThan(0);
});

it("refuses what waits behind a step that does not end, and nothing after it", async () => {
  const { publish } = setUp({ stepMs: 60_000 });
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  try {
    const first = publish(1);
    await new Promise((resolve) => setImmediate(resolve));
    const second = publish(2);
    await vi.advanceTimersByTimeAsync(2000);
    expect(await Promise.all([first, second])).toEqual(["UNAVAILABLE", "UNAVAILABLE"]);
  } finally {
    vi.useRealTimers();
  }
});

it("goes on with the next step while the tenant's account is written", async () => {
  let write = (): void => undefined;
  const account = new Promise<void>((resolve) => (write = resolve));
  const { publish, steps } = setUp({ stepMs: 0, account });
  const answers: Promise<unknown>[] = [];
  let answered = 0;
  for (let n = 0; n < 10; n++) {
    answers.push(publish(n).finally(() => answered++));
    await vi.waitFor(() => expect(steps).toHaveLength(n + 1), { interval: 1 });
  }
  expect(answered).toBe(0);
  write();
  expect(await Promise.all(answers)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

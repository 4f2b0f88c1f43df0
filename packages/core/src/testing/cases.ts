import { GatewayError, type ErrorCode } from "@roomcast/protocol";
import { systemClock } from "../clock.ts";

/** One sentence of a port's contract, and what shows it. Belongs to no test framework: `it(name, run)` takes it. */
export interface ConformanceCase {
  readonly name: string;
  /** Rejects with an `Error` that says what was found, where the implementation breaks the contract. */
  run(): Promise<void>;
}

/** How long a condition may take to come true, in real milliseconds. */
const PATIENCE_MS = 10_000;

/** Makes the cases of a suite: each gets a fresh subject, which is cleaned up whatever happens. */
export function casesFor<Subject extends { close(): Promise<void> }>(
  make: () => Promise<Subject>,
  cases: Readonly<Record<string, (subject: Subject) => Promise<void>>>,
): readonly ConformanceCase[] {
  return Object.entries(cases).map(([name, body]) => ({
    name,
    async run() {
      const subject = await make();
      try {
        await body(subject);
      } finally {
        await subject.close();
      }
    },
  }));
}

export function check(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

/** Equal as JSON is: the order of an object's keys does not count, and undefined is absent. */
export function same(actual: unknown, expected: unknown, what: string): void {
  const found = JSON.stringify(sorted(actual));
  const wanted = JSON.stringify(sorted(expected));
  if (found !== wanted) throw new Error(`${what}: expected ${wanted}, found ${found}`);
}

/** The error that `promise` rejects with, which must be a `GatewayError` with one of these codes. */
export async function rejects(
  promise: Promise<unknown>,
  codes: readonly ErrorCode[],
  what: string,
): Promise<GatewayError> {
  let outcome: unknown;
  try {
    outcome = await promise;
  } catch (thrown) {
    if (thrown instanceof GatewayError && codes.includes(thrown.code)) return thrown;
    throw new Error(`${what}: expected ${codes.join(" or ")}, it rejected with ${String(thrown)}`, { cause: thrown });
  }
  throw new Error(`${what}: expected ${codes.join(" or ")}, it resolved to ${JSON.stringify(outcome)}`);
}

/** Waits until `condition` holds; rejects when it does not within ten seconds. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const giveUpAt = systemClock.now() + PATIENCE_MS;
  while (!(await condition())) {
    if (systemClock.now() > giveUpAt) throw new Error(`Waited in vain: ${what}`);
    await new Promise<void>((resolve) => systemClock.after(1, resolve));
  }
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, entry]) => entry !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, entry]) => [name, sorted(entry)]),
  );
}

/**
 * Time, as the engine sees it. Injected everywhere, so that a test can let a day pass in a second; the engine has no
 * other way to the time or to a timer.
 */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Runs `task` once after `delayMs` (any length); returns a function that cancels it. Never keeps the process alive. */
  after(delayMs: number, task: () => void): () => void;
}

/** The longest delay that timers take; beyond it they fire at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

interface Timers {
  setTimeout(task: () => void, delayMs: number): unknown;
  clearTimeout(handle: unknown): void;
}

/** The clock of the system. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, task) {
    const timers = globalThis as unknown as Timers;
    let handle: unknown;
    const arm = (left: number): void => {
      const delay = Math.min(left, LONGEST_TIMER);
      handle = timers.setTimeout(left > delay ? () => arm(left - delay) : task, delay);
      (handle as { unref?(): void }).unref?.();
    };
    arm(Math.max(0, delayMs));
    return () => timers.clearTimeout(handle);
  },
};

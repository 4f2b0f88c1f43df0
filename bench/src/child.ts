/** The side of a measurement's process that is asked, by messages of `node:child_process`. */

export interface Question {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

/** What a process says: the answer to a question, or something unasked. */
export type Said =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: string }
  | { readonly told: "ready" | "progress" | "failed"; readonly value: unknown };

/** The secret of the tokens of a measurement. */
export const SECRET = "a secret of the bench that guards nothing at all";

/**
 * Answers questions by these handlers from now on. `ready` is what whoever started the process gets first. The process ends
 * with its parent, so that a bench that was interrupted leaves nothing behind; `end` does before what is to be done then.
 */
export function answer(
  handlers: Readonly<Record<string, (argument: never) => unknown>>,
  ready?: unknown,
  end?: () => Promise<void>,
): void {
  const leave = (): void => {
    Promise.resolve(end?.()).then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  // A terminal interrupts all of its processes; when this one ends is its parent's to say.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => undefined);
  process.on("disconnect", leave);
  if (!process.connected) {
    // It ended before anybody listened.
    leave();
    return;
  }
  process.on("message", ({ id, name, argument }: Question) => {
    const handler = handlers[name] as ((argument: unknown) => unknown) | undefined;
    if (handler === undefined) {
      say({ id, error: `There is no ${name}` });
      return;
    }
    Promise.resolve()
      .then(() => handler(argument))
      .then(
        (value) => say({ id, value }),
        (error: unknown) => say({ id, error: String(error) }),
      );
  });
  say({ told: "ready", value: ready });
}

/** Says how many of its things are done. */
export function tell(count: number): void {
  say({ told: "progress", value: count });
}

/** Ends the whole run with this reason: something arrived that should not have, or did not. */
export function fail(reason: string): void {
  say({ told: "failed", value: reason });
}

function say(said: Said): void {
  // Nobody hears what is said when the run is over.
  if (process.connected) process.send?.(said, undefined, undefined, () => undefined);
}

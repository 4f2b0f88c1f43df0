import { backoff, type Environment } from "./environment.ts";
import { isRecord, RealtimeError, toRealtimeError, unavailable } from "./errors.ts";
import type { Link } from "./link.ts";

/** How long an answer may take. */
export const ANSWER_TIMEOUT = 10_000;
/**
 * How long a command with an idempotency key is sent again after it was first sent. The server knows keys for five minutes;
 * beyond that, once more could mean twice.
 */
const REPEAT_WINDOW = 240_000;
const RETRY_BASE = 500;

export interface CommandRequest {
  readonly event: string;
  readonly payload: object;
  /** Has an idempotency key: to be sent again when its answer is lost. */
  readonly repeatable?: boolean;
  /** Ready to be sent? Asked on each flush. */
  readonly ready?: () => boolean;
}

interface Entry {
  readonly request: CommandRequest;
  readonly resolve: (result: never) => void;
  readonly reject: (error: RealtimeError) => void;
  state: "queued" | "sent" | "resting";
  attempt: number;
  firstSentAt: number | undefined;
  cancelTimer: (() => void) | undefined;
}

/**
 * Commands on their way. They wait for the connection, leave in the order in which they were given, and each ends in exactly
 * one answer. What the server refused for now because of its rate is sent again for all of them; what was lost, or failed in
 * a way that may pass, only for those that are `repeatable`.
 */
export class Commands {
  readonly #environment: Environment;
  readonly #entries = new Set<Entry>();
  #link: Link | undefined;

  constructor(options: { environment: Environment }) {
    this.#environment = options.environment;
  }

  run<Result>(request: CommandRequest): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      const entry: Entry = {
        request,
        resolve,
        reject,
        state: "queued",
        attempt: 0,
        firstSentAt: undefined,
        cancelTimer: undefined,
      };
      this.#entries.add(entry);
      this.#send(entry);
    });
  }

  connected(link: Link): void {
    this.#link = link;
    this.flush();
  }

  disconnected(): void {
    this.#link = undefined;
    for (const entry of this.#entries) {
      if (entry.state === "sent") this.#lost(entry, "The connection was lost before the answer came");
    }
  }

  /** Sends what waits. */
  flush(): void {
    for (const entry of this.#entries) this.#send(entry);
  }

  /** Ends all with `error`. */
  rejectAll(error: RealtimeError): void {
    for (const entry of this.#entries) this.#end(entry, () => entry.reject(error));
  }

  #send(entry: Entry): void {
    const link = this.#link;
    if (link === undefined || entry.state !== "queued" || entry.request.ready?.() === false) return;
    const now = this.#environment.now();
    entry.firstSentAt ??= now;
    if (now - entry.firstSentAt > REPEAT_WINDOW) {
      this.#end(entry, () =>
        entry.reject(unavailable("No answer came in time; whether it was published is not known")),
      );
      return;
    }
    entry.state = "sent";
    const { event, payload } = entry.request;
    const attempt = ++entry.attempt;
    entry.cancelTimer = this.#environment.after(ANSWER_TIMEOUT, () =>
      this.#lost(entry, "The server did not answer in time"),
    );
    try {
      link.send(event, payload, (reply) => {
        // A late answer to an earlier attempt answers a repeatable command just as well.
        if (this.#entries.has(entry)) this.#answered(entry, reply, attempt);
      });
    } catch (thrown) {
      this.#end(entry, () => entry.reject(invalid(thrown)));
    }
  }

  #answered(entry: Entry, reply: unknown, attempt: number): void {
    if (isRecord(reply) && reply["ok"] === true) {
      this.#end(entry, () => entry.resolve(reply as never));
      return;
    }
    // An error of an earlier attempt says nothing about the one that is under way.
    if (attempt !== entry.attempt || entry.state !== "sent") return;
    const error = toRealtimeError(isRecord(reply) ? reply["error"] : undefined);
    const limited = error.code === "RATE_LIMITED";
    if (!limited && !(error.retryable && entry.request.repeatable === true)) {
      this.#end(entry, () => entry.reject(error));
      return;
    }
    entry.cancelTimer?.();
    entry.state = "resting";
    entry.cancelTimer = this.#environment.after(retryDelay(this.#environment, error, attempt - 1), () => {
      entry.state = "queued";
      this.#send(entry);
    });
  }

  #lost(entry: Entry, message: string): void {
    entry.cancelTimer?.();
    if (entry.request.repeatable === true) {
      entry.state = "queued";
      this.#send(entry);
    } else this.#end(entry, () => entry.reject(unavailable(message)));
  }

  #end(entry: Entry, settle: () => void): void {
    entry.cancelTimer?.();
    if (this.#entries.delete(entry)) settle();
  }
}

/** How long to leave the server in peace after `error`, in milliseconds: as it says, or longer each time. */
export function retryDelay(environment: Environment, error: RealtimeError, attempt: number): number {
  const asked = error.details?.["retryAfterMs"];
  const own = backoff(environment, RETRY_BASE, attempt);
  return typeof asked === "number" && asked >= 0 ? asked + (own * environment.random()) / 2 : own;
}

/** A copy of `data` as JSON holds it, so that a change made later does not change what is sent again. */
export function snapshot(data: unknown): unknown {
  try {
    const json = JSON.stringify(data, function (this: Record<string, unknown>, name, value: unknown) {
      const original = this[name];
      if (original instanceof ArrayBuffer || ArrayBuffer.isView(original)) throw new TypeError("It holds binary data");
      return value;
    }) as string | undefined;
    return json === undefined ? null : JSON.parse(json);
  } catch (thrown) {
    throw invalid(thrown);
  }
}

function invalid(thrown: unknown): RealtimeError {
  return new RealtimeError({ code: "INVALID_PAYLOAD", message: "The data cannot be sent as JSON", cause: thrown });
}

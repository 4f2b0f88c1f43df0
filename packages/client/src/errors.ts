import type { ErrorCode, ErrorDetails, WireError } from "@roomcast/protocol";

export interface RealtimeErrorOptions {
  readonly code: ErrorCode;
  readonly message: string;
  /** Whether the same may succeed later. */
  readonly retryable?: boolean;
  readonly details?: ErrorDetails | undefined;
  readonly cause?: unknown;
  /** The channel whose subscription or membership this is about. */
  readonly channel?: string | undefined;
  /** The subscription that this is about. */
  readonly subscriptionId?: string | undefined;
}

/** What promises of the SDK reject with, and what listeners of `error` get. Its codes are those of the server. */
export class RealtimeError extends Error {
  override readonly name = "RealtimeError";
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly details: ErrorDetails | undefined;
  readonly channel: string | undefined;
  readonly subscriptionId: string | undefined;

  constructor(options: RealtimeErrorOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code;
    this.retryable = options.retryable ?? false;
    this.details = options.details;
    this.channel = options.channel;
    this.subscriptionId = options.subscriptionId;
  }
}

/** The answer never came: trying again may succeed. */
export function unavailable(message: string, cause?: unknown): RealtimeError {
  return new RealtimeError({ code: "UNAVAILABLE", message, retryable: true, cause });
}

/** An error as the server told it, or `INTERNAL` where what it told is none. */
export function toRealtimeError(
  value: unknown,
  about: { channel?: string; subscriptionId?: string } = {},
): RealtimeError {
  const wire: Partial<WireError> = isRecord(value) ? value : {};
  return typeof wire.code === "string"
    ? new RealtimeError({
        code: wire.code,
        message: String(wire.message),
        retryable: wire.retryable === true,
        details: wire.details,
        ...about,
      })
    : new RealtimeError({
        code: "INTERNAL",
        message: "The answer of the server is not understood",
        retryable: true,
        ...about,
      });
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

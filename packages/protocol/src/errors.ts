/**
 * The one table of errors. Everything that is said about a code elsewhere (acknowledgements, `connect_error`, REST status,
 * the SDK's retries, OpenAPI) is derived from it.
 *
 * `http` is absent for codes that only ever appear in the `closing` push; `reconnect` is there for those that end a
 * connection, and says whether the client may come back by itself.
 */
export const ERROR_TABLE = {
  UNAUTHENTICATED: { retryable: false, http: 401 },
  TOKEN_EXPIRED: { retryable: true, http: 401, reconnect: true },
  FORBIDDEN: { retryable: false, http: 403 },
  NOT_FOUND: { retryable: false, http: 404 },
  INVALID_PAYLOAD: { retryable: false, http: 400 },
  CONFLICT: { retryable: false, http: 409 },
  UNKNOWN_COMMAND: { retryable: false, http: 404 },
  TOO_LARGE: { retryable: false, http: 413 },
  RATE_LIMITED: { retryable: true, http: 429 },
  LIMIT_REACHED: { retryable: false, http: 429 },
  UNAVAILABLE: { retryable: true, http: 503 },
  SHUTTING_DOWN: { retryable: true, http: 503, reconnect: true },
  SLOW_CONSUMER: { retryable: true, reconnect: true },
  REVOKED: { retryable: false, reconnect: false },
  PROTOCOL_ERROR: { retryable: false, reconnect: false },
  INTERNAL: { retryable: true, http: 500 },
} as const satisfies Record<string, { retryable: boolean; http?: number; reconnect?: boolean }>;

export type ErrorCode = keyof typeof ERROR_TABLE;

/** Further facts about an error, safe to show to the caller: where a payload is wrong, which limit, how long to wait. */
export type ErrorDetails = Readonly<Record<string, unknown>>;

/** An error as it stands on the wire (acknowledgements, `connect_error` data, the `error` push). */
export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryable: boolean;
  readonly details?: ErrorDetails;
}

/** Why a token was refused, without a word of what it says. */
export interface TokenFailure {
  readonly reason: "missing" | "malformed" | "signature" | "expired" | "not-yet" | "claims";
  /** When it expired, or will begin to hold, in milliseconds since 1970. */
  readonly at?: number;
}

/**
 * The only error that callers see. The message is written for them: it never carries a secret, a token or a stack;
 * what caused it stays in `cause`, for the logs.
 */
export class GatewayError extends Error {
  override readonly name = "GatewayError";
  readonly code: ErrorCode;
  readonly details: ErrorDetails | undefined;
  /** Of a token that was refused; only dialects that have a word for it tell it. */
  readonly token: TokenFailure | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { details?: ErrorDetails; cause?: unknown; token?: TokenFailure | undefined } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details;
    this.token = options.token;
  }

  get retryable(): boolean {
    return ERROR_TABLE[this.code].retryable;
  }

  /** The HTTP status of this error. Codes that only end connections count as 500. */
  get status(): number {
    const row: { readonly retryable: boolean; readonly http?: number } = ERROR_TABLE[this.code];
    return row.http ?? 500;
  }

  toWire(): WireError {
    const wire = { code: this.code, message: this.message, retryable: this.retryable };
    return this.details === undefined ? wire : { ...wire, details: this.details };
  }

  /** Whatever was thrown, as one error of the table. Anything that is not ours becomes `INTERNAL` and tells nothing. */
  static from(thrown: unknown): GatewayError {
    if (thrown instanceof GatewayError) return thrown;
    return new GatewayError("INTERNAL", "Something went wrong on the server", { cause: thrown });
  }
}

/** `INVALID_PAYLOAD`, saying where in the payload and what may stand there. */
export function invalidPayload(path: string, expected: string): GatewayError {
  const where = path === "" ? "The payload" : `"${path}"`;
  return new GatewayError("INVALID_PAYLOAD", `${where} must be ${expected}`, { details: { path, expected } });
}

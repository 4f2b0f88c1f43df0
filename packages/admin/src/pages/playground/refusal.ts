/** Why a connection was refused, ended, or did not come up. */
export interface Refusal {
  readonly message: string;
  /** Of the gateway. */
  readonly code?: string;
  readonly retryable?: boolean;
  /** Of HTTP, where it was refused before Socket.IO was reached. */
  readonly status?: number;
}

/** Reads what `connect_error` tells. */
export function refusalOf(error: Error & { data?: unknown; description?: unknown }): Refusal {
  const { code, retryable, message } = recordOf(error.data);
  const { description } = error;
  return {
    message: typeof message === "string" ? message : error.message,
    ...(typeof code === "string" ? { code } : undefined),
    ...(typeof retryable === "boolean" ? { retryable } : undefined),
    ...(typeof description === "number" && description > 0 ? { status: description } : undefined),
  };
}

/** Reads what the gateway says before it ends a connection: native's `closing`, Plazer's `exception`, Twake's `unauthorized`. */
export function farewellOf(payload: unknown): Refusal | undefined {
  const { err, code, message, reconnect } = recordOf(payload);
  if (typeof err === "string") return { message: err };
  if (err !== undefined) {
    const { name, message: said } = recordOf(err);
    return { message: String(said), ...(typeof name === "string" ? { code: name } : undefined) };
  }
  if (typeof code !== "string") return undefined;
  return {
    code,
    message: typeof message === "string" ? message : code,
    ...(typeof reconnect === "boolean" ? { retryable: reconnect } : undefined),
  };
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

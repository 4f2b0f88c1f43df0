import { ERROR_TABLE, GatewayError, type ErrorCode, type WireError } from "@roomcast/protocol";

/** What the `closing` push says, and whether the client may come back by itself. */
export function closingError(code: ErrorCode, message: string): { error: WireError; reconnect: boolean } {
  const row: { readonly retryable: boolean; readonly reconnect?: boolean } = ERROR_TABLE[code];
  return { error: new GatewayError(code, message).toWire(), reconnect: row.reconnect ?? row.retryable };
}

import { GatewayError, invalidPayload } from "./errors.ts";

/**
 * Whether `value` is plain JSON no deeper than `maxDepth` (a scalar has depth 0). Throws `INVALID_PAYLOAD` where it is
 * deeper or holds binary data. Never recurses further than `maxDepth`, so that no payload can exhaust the stack.
 */
export function checkJson(value: unknown, maxDepth: number): void {
  if (typeof value !== "object" || value === null) return;
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) throw invalidPayload("", "JSON without binary data");
  if (maxDepth === 0) throw new GatewayError("INVALID_PAYLOAD", "The payload is nested too deeply");
  if (Array.isArray(value)) {
    for (const entry of value) if (typeof entry === "object") checkJson(entry, maxDepth - 1);
    return;
  }
  for (const name in value) {
    const entry = (value as Record<string, unknown>)[name];
    if (typeof entry === "object") checkJson(entry, maxDepth - 1);
  }
}

/** `value` where it is an object that is no array, else undefined. */
export function asObject(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}

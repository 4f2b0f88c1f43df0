import { GatewayError, invalidPayload } from "@roomcast/protocol";

/** `data` as JSON sees it. Throws `INVALID_PAYLOAD` for what has no JSON: cycles, functions, bigints. */
export function toJson(data: unknown): unknown {
  return JSON.parse(jsonText(data));
}

/** The JSON of `data`, which is `null` for undefined. Throws like `toJson`. */
export function jsonText(data: unknown): string {
  if (data === undefined) return "null";
  let text: string | undefined;
  try {
    text = JSON.stringify(data);
  } catch (cause) {
    throw new GatewayError("INVALID_PAYLOAD", "The data cannot be written as JSON", { cause });
  }
  if (text === undefined) throw invalidPayload("data", "a JSON value");
  return text;
}

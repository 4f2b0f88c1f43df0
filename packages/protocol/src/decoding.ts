import type { Command } from "./commands.ts";
import { frameEvent, type Decoded } from "./dialect.ts";
import { GatewayError, invalidPayload } from "./errors.ts";
import { asObject } from "./json.ts";

/** A command's payload: one object. */
export type Payload = Readonly<Record<string, unknown>>;

/** The commands of a dialect whose events each have one object. */
export type Decoders = ReadonlyMap<string, (payload: Payload) => Command>;

/** What `command` makes of a frame; whatever it throws becomes an error of the table. Never throws. */
export function decodeFrame(
  frame: readonly unknown[],
  command: (event: string, payload: unknown) => Command,
): Exclude<Decoded, { kind: "ignored" }> {
  const event = frameEvent(frame);
  try {
    return { kind: "command", event, command: command(event, frame[1]) };
  } catch (thrown) {
    return { kind: "invalid", event, error: GatewayError.from(thrown) };
  }
}

/** Finds the command of an event. Throws `UNKNOWN_COMMAND`, and `INVALID_PAYLOAD` for what is no object. */
export function commandFrom(decoders: Decoders): (event: string, payload: unknown) => Command {
  return (event, value) => {
    const decoder = decoders.get(event);
    if (decoder === undefined) throw new GatewayError("UNKNOWN_COMMAND", "There is no such command");
    const payload = asObject(value);
    if (payload === undefined) throw invalidPayload("", "one object");
    return decoder(payload);
  };
}

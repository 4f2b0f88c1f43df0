import type { ErrorCode } from "@roomcast/protocol";

/** Something that went wrong for a user, or ended a session of it, as the node that saw it remembers it. */
export interface Incident {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly nodeId: string;
  /** A command or an arrival was refused; a session ended; a session that did not keep up began to miss events. */
  readonly kind: "refused" | "ended" | "dropped";
  /** `client`: the client went by itself, or its link broke. */
  readonly code: ErrorCode | "client";
  readonly message?: string;
  readonly socketId?: string;
  readonly dialect?: string;
  /** The command that was refused. */
  readonly command?: string;
  /** The channel that it named, or of which events were missed. */
  readonly channel?: string;
  /** How often it has come, where it came again; `at` is the last time. */
  readonly times?: number;
}

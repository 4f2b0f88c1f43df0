import type { Dialect, Frame } from "@roomcast/protocol";
import type { Origin } from "./auth.ts";

/**
 * How all connections of one dialect in one namespace write: what is the same for all of them is encoded once and written
 * many times. There is one object for each dialect and namespace of an endpoint; the hub groups readers by it.
 */
export interface Wire {
  readonly dialect: Dialect;
  /** A frame in its final form. Pure, and never depends on who receives it. */
  encode(frame: Frame): EncodedFrame;
}

/** A frame encoded by a wire, opaque to the engine; it may be written to any connection of that wire. */
export interface EncodedFrame {
  /** Bytes of its text. */
  readonly bytes: number;
}

/** What the link of a connection carries, in bytes, for all of its namespaces. */
export interface ConnectionLoad {
  /** Waits for the client. */
  readonly waiting: number;
  /** Was written since the link began, with what waits. */
  readonly written: number;
}

/**
 * PORT: the link to one client.
 *
 * - `write` keeps the order of its calls, never blocks, never throws, and does nothing after the link has ended.
 * - Everything for a client leaves through `write` or through acknowledgements that the connection's owner passes to
 *   `Session.receive`; both share one queue, so that what was decided first leaves first.
 * - The connection's owner calls `session.receive` for each frame, `session.drained` when a backlog that `overloaded`
 *   told has gone, and `session.gone` exactly once when the link is gone, whoever ended it.
 */
export interface Connection {
  /** Public id of the session: Socket.IO's `socket.id` where that is no credential. */
  readonly id: string;
  readonly wire: Wire;
  /** What carries it now. */
  readonly transport: "websocket" | "polling" | "memory";
  /** Where the client comes from, for operators; undefined when not known. */
  readonly remoteAddress: string | undefined;
  /** For whoever looks at arrivals, where the client logs in late. */
  readonly origin?: Origin;
  write(frame: EncodedFrame): void;
  /** It is known now who the connection speaks for. Called once; late where its dialect logs in late. */
  enrolled?(): void;
  /** Whether more bytes wait for this client than it may have (`limits.backlogBytes`). Cheap: asked for each delivery. */
  readonly overloaded: boolean;
  /** What its link carries, where it counts that. Asked for now and then. */
  readonly load?: ConnectionLoad;
  /**
   * Ends the link after what was written, and soon even if the client does not read.
   *
   * - `reconnect`: closes the transport, after which stock clients come back by themselves.
   * - `stay-away`: says Socket.IO's disconnect, after which they do not.
   * - `destroy`: drops the link and its backlog at once.
   */
  close(how: "reconnect" | "stay-away" | "destroy"): void;
}

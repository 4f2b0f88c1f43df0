import type { Position, RealtimeEvent } from "@roomcast/protocol";
import type { RecoveryReply } from "./wire.ts";

/** What is to be handed to listeners next. */
export type Handed =
  | { readonly kind: "event"; readonly event: RealtimeEvent }
  | { readonly kind: "gap"; readonly position: Position | undefined };

interface Reader {
  /** What this reader asks to recover from; undefined while it never had a position. */
  position: Position | undefined;
  /** Where its reply on this connection put it, until that is taken over. */
  standing: Position | undefined;
  /** `waiting`: asked with a position, so that its reply brings what was missed. */
  state: "away" | "asked" | "waiting" | "live";
}

type Placed = RealtimeEvent & { readonly position: Position };

/**
 * What one client knows of one topic: who reads it (subscriptions with their filters, and the membership), and how far
 * each has come. Pure: calls in, what to hand out back.
 *
 * The replies of all readers that ask for what they missed belong together, since each brings only what its own filter
 * lets through. Until the last of them is there, they and the live events that come meanwhile are held; then all goes out
 * at once, by offset, each event once. If the connection is lost before, what was held is forgotten and no position has
 * moved, so that the next connection asks for all of it again.
 *
 * It relies on the server's order: an event of a session comes after all events of lower offsets of that channel.
 */
export class TopicLog {
  readonly #readers = new Map<string, Reader>();
  /** The last event that was handed out, or the gap that replaced it. */
  #seen: Position | undefined;
  #held: Placed[] = [];
  #gap: { position: Position | undefined } | undefined;

  get empty(): boolean {
    return this.#readers.size === 0;
  }

  add(reader: string): void {
    if (!this.#readers.has(reader)) {
      this.#readers.set(reader, { position: undefined, standing: undefined, state: "away" });
    }
  }

  /** May be what the others' events waited for. */
  remove(reader: string): readonly Handed[] {
    const waited = this.#waiting();
    this.#readers.delete(reader);
    return waited ? this.#settle() : [];
  }

  /** The reader is about to ask on this connection: the position to ask with. */
  ask(key: string): Position | undefined {
    const reader = this.#readers.get(key);
    if (reader !== undefined && reader.state !== "live") this.interrupt(key);
    return reader?.position;
  }

  /** The server has ended the reader, which will be asked for again on this connection: the others wait for it. */
  interrupt(key: string): void {
    const reader = this.#readers.get(key);
    if (reader !== undefined) reader.state = reader.position === undefined ? "asked" : "waiting";
  }

  /** Whether the reader's reply on this connection has come. */
  isLive(key: string): boolean {
    return this.#readers.get(key)?.state === "live";
  }

  reply(key: string, reply: RecoveryReply): readonly Handed[] {
    const reader = this.#readers.get(key);
    if (reader === undefined || reader.state === "away" || reader.state === "live") return [];
    const waited = reader.state === "waiting";
    reader.state = "live";
    if (!waited) {
      reader.position = reply.position;
      return [];
    }
    reader.standing = reply.position;
    if (reply.recovered === true) this.#held.push(...(reply.events ?? []).filter(isPlaced));
    else this.#missed(reply.position);
    return this.#settle();
  }

  live(event: RealtimeEvent): readonly Handed[] {
    if (this.empty) return [];
    // Without a position there is nothing to order by and nothing to recover: at most once.
    if (!isPlaced(event)) return [{ kind: "event", event }];
    // Before the first reply it is an earlier subscription's, which may have ended before this one began: handed out, it
    // would have a hole behind it that nobody tells of.
    if (!this.#follows()) return [];
    this.#held.push(event);
    return this.#settle();
  }

  /** The server says that events were lost. */
  gap(position: Position | undefined): readonly Handed[] {
    if (this.empty) return [];
    this.#missed(position);
    return this.#settle();
  }

  /** The connection is gone. */
  disconnected(): void {
    this.#held = [];
    this.#gap = undefined;
    for (const reader of this.#readers.values()) {
      reader.state = "away";
      reader.standing = undefined;
    }
  }

  /** Whether a reader has been replied to, or will be told what it missed. */
  #follows(): boolean {
    for (const { state } of this.#readers.values()) if (state === "live" || state === "waiting") return true;
    return false;
  }

  #waiting(): boolean {
    for (const reader of this.#readers.values()) if (reader.state === "waiting") return true;
    return false;
  }

  #missed(position: Position | undefined): void {
    const known = this.#gap?.position;
    if (
      known === undefined ||
      position === undefined ||
      known.epoch !== position.epoch ||
      known.offset < position.offset
    ) {
      this.#gap = { position };
    }
  }

  #settle(): readonly Handed[] {
    if (this.#waiting()) return [];
    for (const reader of this.#readers.values()) {
      if (reader.state !== "live" || reader.standing === undefined) continue;
      reader.position = reader.standing;
      reader.standing = undefined;
    }
    const handed: Handed[] = [];
    for (const event of this.#inOrder()) {
      if (this.#gap?.position !== undefined && isBeyond(event.position, this.#gap.position)) this.#handGap(handed);
      if (this.#seen?.epoch === event.position.epoch && event.position.offset <= this.#seen.offset) continue;
      this.#advance(event.position);
      handed.push({ kind: "event", event });
    }
    this.#handGap(handed);
    this.#held = [];
    return handed;
  }

  #handGap(handed: Handed[]): void {
    if (this.#gap === undefined) return;
    const { position } = this.#gap;
    this.#gap = undefined;
    handed.push({ kind: "gap", position });
    this.#advance(position);
  }

  /** All readers that are live stand at least here. */
  #advance(position: Position | undefined): void {
    this.#seen = later(this.#seen, position);
    for (const reader of this.#readers.values()) {
      if (reader.state === "live") reader.position = later(reader.position, position);
    }
  }

  /** By offset; what belongs to an epoch that is new to us comes after what belongs to the one that we know. */
  #inOrder(): readonly Placed[] {
    if (this.#held.length < 2) return this.#held;
    const known = this.#seen?.epoch ?? this.#held[0]?.position.epoch;
    const rank = (position: Position): number => (position.epoch === known ? 0 : 1);
    return this.#held.sort((a, b) => rank(a.position) - rank(b.position) || a.position.offset - b.position.offset);
  }
}

function isPlaced(event: RealtimeEvent): event is Placed {
  return event.position !== undefined;
}

function isBeyond(position: Position, gap: Position): boolean {
  return position.epoch === gap.epoch && position.offset > gap.offset;
}

function later(current: Position | undefined, next: Position | undefined): Position | undefined {
  return current !== undefined && next !== undefined && current.epoch === next.epoch && current.offset > next.offset
    ? current
    : next;
}

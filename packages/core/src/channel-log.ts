import type { Position, Publication } from "@roomcast/protocol";
import type { HistoryPage, HistoryQuery, Keep } from "./broker.ts";
import type { Deadline } from "./deadlines.ts";

/** An event in a log, linked in the order of acceptance with those of its tenant's other channels. */
export interface LogEntry {
  readonly log: ChannelLog;
  readonly publication: Publication;
  readonly offset: number;
  readonly bytes: number;
  older: LogEntry | undefined;
  newer: LogEntry | undefined;
}

/**
 * The log of one channel: what it keeps of its publications, and where it stands. Offsets have no hole; what is kept is
 * always the newest part.
 */
export class ChannelLog {
  readonly epoch: string;
  /** When it was last written or asked for, in milliseconds since 1970. */
  touchedAt: number;
  keep: Keep;
  bytes = 0;
  /** When its oldest entry is too old, and when the log itself is forgotten. */
  ageing: Deadline | undefined;
  forgetting: Deadline | undefined;
  #top = 0;
  #entries: LogEntry[] = [];
  /** Entries before this index are gone; they are cut off now and then rather than shifted out one by one. */
  #head = 0;

  /** `top` is the offset of the last publication before the log began. */
  constructor(epoch: string, keep: Keep, now: number, top = 0) {
    this.epoch = epoch;
    this.keep = keep;
    this.touchedAt = now;
    this.#top = top;
  }

  get position(): Position {
    return { epoch: this.epoch, offset: this.#top };
  }

  get size(): number {
    return this.#entries.length - this.#head;
  }

  get oldest(): LogEntry | undefined {
    return this.#entries[this.#head];
  }

  /** Appends `publication`, whose position must be the next one. */
  append(publication: Publication, bytes: number): LogEntry {
    this.#top++;
    const entry = { log: this, publication, offset: this.#top, bytes, older: undefined, newer: undefined };
    this.#entries.push(entry);
    this.bytes += bytes;
    return entry;
  }

  /** Drops the oldest entry, which must be there. */
  shift(): LogEntry {
    const entry = this.#entries[this.#head] as LogEntry;
    this.#head++;
    this.bytes -= entry.bytes;
    if (this.#head > 32 && this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
    return entry;
  }

  /** Whether everything after `since` is still here. */
  reaches(since: Position): boolean {
    if (since.epoch !== this.epoch || since.offset > this.#top) return false;
    return since.offset >= this.#top - this.size;
  }

  read(query: HistoryQuery): HistoryPage {
    const { since, limit } = query;
    const first = this.#top - this.size;
    let start = Math.max(this.#head, this.#entries.length - limit);
    let end = this.#entries.length;
    if (since !== undefined) {
      // Of another epoch, or older than the log: the oldest there is, and `complete` says that it is not all.
      const from = since.epoch === this.epoch ? Math.min(Math.max(since.offset, first), this.#top) : first;
      start = this.#head + (from - first);
      end = Math.min(end, start + limit);
    }
    const entries = this.#entries.slice(start, end);
    return {
      events: entries.map((entry) => entry.publication),
      bytes: entries.reduce((sum, entry) => sum + entry.bytes, 0),
      position: this.position,
      complete: since !== undefined && this.reaches(since),
    };
  }
}

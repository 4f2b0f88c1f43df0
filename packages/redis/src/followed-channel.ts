import type { ChannelAddress, Position, Publication } from "@roomcast/protocol";
import type { Announcement } from "./announcement.ts";

/** A part of a log, as it was read. */
export interface LogPart {
  readonly position: Position;
  /** The offset of the oldest event that the log has; one more than the top where it has none. */
  readonly first: number;
  /** Those that it could be asked for and that are ours, oldest first. */
  readonly publications: readonly Publication[];
}

export interface FollowedChannelOptions {
  readonly address: ChannelAddress;
  readonly deliver: (announcement: Announcement) => void;
  /** What was published up to `position` is lost: readers are to be told. */
  readonly lost: (address: ChannelAddress, position: Position) => void;
  /** Told of an announcement that the log, when it was read for it, knew nothing of. */
  readonly stray?: () => void;
  /** Reads what the log has after an offset, in pieces as it likes. */
  readonly read: (address: ChannelAddress, since: Position) => Promise<LogPart>;
}

/**
 * A channel that this node listens to. It delivers the publications of the log without a hole and once: what announcements
 * skip is read from the log first, and what the log has no more is told.
 */
export class FollowedChannel {
  readonly address: ChannelAddress;
  /** How many hold it. */
  holders = 0;
  /** The last one that was delivered; unknown until there is one, or the log was looked at. */
  position: Position | undefined;
  readonly #options: FollowedChannelOptions;
  /** What was announced while the log is read. */
  #waiting: Announcement[] = [];
  #repairing: Promise<void> | undefined;

  constructor(options: FollowedChannelOptions) {
    this.address = options.address;
    this.#options = options;
  }

  announced(announcement: Announcement): void {
    if (this.#repairing !== undefined) {
      this.#waiting.push(announcement);
      return;
    }
    const missing = this.#take(announcement);
    // Whoever waits for it is told that the log could not be read; here nobody waits.
    if (missing !== undefined) this.#repair(missing, announcement).catch(() => undefined);
  }

  /**
   * The log stands at `top`: delivers what is missing up to there, so that nothing comes behind an answer that has it.
   * Rejects when the log cannot be read; the next check tries again.
   */
  async reach(top: Position): Promise<void> {
    while (this.#repairing !== undefined) await this.#repairing;
    const { position } = this;
    if (position === undefined) this.position = top;
    else if (position.epoch !== top.epoch || position.offset < top.offset) await this.#repair(top);
  }

  /** Delivers what comes next. Returns how far the log is to be read first, where something is missing before it. */
  #take(announcement: Announcement): Position | undefined {
    if (announcement.kind === "signal" || announcement.epoch === undefined) {
      this.#options.deliver(announcement);
      return undefined;
    }
    const { publications, epoch } = announcement;
    const first = publications[0]?.position;
    if (first === undefined) return undefined;
    const last = { epoch, offset: first.offset + publications.length - 1 };
    const { position } = this;
    if (position !== undefined && (position.epoch !== epoch || first.offset > position.offset + 1)) return last;
    const fresh =
      position === undefined
        ? publications
        : publications.filter((publication) => (publication.position?.offset ?? 0) > position.offset);
    if (fresh.length === 0) return undefined;
    this.position = last;
    this.#options.deliver({ kind: "publications", epoch, publications: fresh });
    return undefined;
  }

  /** Reads the log up to `top`, and then takes what was announced: first of all the one that showed that something is missing. */
  async #repair(top: Position, cause?: Announcement): Promise<void> {
    this.#repairing = this.#readUpTo(top);
    let read = false;
    try {
      await this.#repairing;
      read = true;
    } finally {
      this.#repairing = undefined;
      const waiting = this.#waiting;
      this.#waiting = [];
      // What the log has not reached and does not know is nothing of it: it is read for an announcement once.
      if (read && cause !== undefined && this.#take(cause) !== undefined) this.#options.stray?.();
      for (const announcement of waiting) {
        // Where the log could not be read, what is in it is read the next time.
        if (read || announcement.kind === "signal" || announcement.epoch === undefined) this.announced(announcement);
      }
    }
  }

  async #readUpTo(top: Position): Promise<void> {
    for (;;) {
      const { position } = this;
      if (position === undefined || (position.epoch === top.epoch && position.offset >= top.offset)) return;
      const part = await this.#options.read(this.address, position);
      const { epoch, offset } = part.position;
      const { publications } = part;
      const last = publications.at(-1)?.position;
      const reaches = part.first <= position.offset + 1 && (last !== undefined || offset <= position.offset);
      if (epoch !== position.epoch || !reaches || !isUnbroken(publications, position.offset)) {
        // Another log, or too late a part of this one: what lies between is lost, and the rest comes from where it stands.
        this.position = part.position;
        this.#options.lost(this.address, part.position);
        return;
      }
      if (last === undefined) return;
      this.position = last;
      this.#options.deliver({ kind: "publications", epoch, publications });
    }
  }
}

/** Whether these stand in the log one after another, the first one just behind `offset`. */
export function isUnbroken(publications: readonly Publication[], offset: number): boolean {
  return publications.every(({ position }, at) => position?.offset === offset + 1 + at);
}

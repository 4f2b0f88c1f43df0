import type { CompiledFilter, Member, Publication } from "@roomcast/protocol";
import type { Connection } from "./connection.ts";
import type { Deadline } from "./deadlines.ts";
import type { HubChannel } from "./hub-channel.ts";
import type { Verdict } from "./policy.ts";
import type { Session } from "./session.ts";

/** One subscription of a session to a channel. A join is one too, under an id that no client can give. */
export interface Subscription {
  readonly id: string;
  readonly filter: CompiledFilter | undefined;
  verdict: Extract<Verdict, { allowed: true }>;
  /** When its right is looked at again. */
  review: Deadline | undefined;
}

/** The id of the subscription that a join stands for; clients' ids are never empty. */
export const JOINED = "";

/** The most publications that a reader may be owed while its recovery is read. */
const MOST_HELD = 1000;

/**
 * A session on a channel: the union of its subscriptions there. It is what the hub delivers to, so that an event that
 * several subscriptions match arrives once.
 */
export class Reader {
  readonly session: Session;
  readonly connection: Connection;
  readonly channel: HubChannel;
  subscriptions: readonly Subscription[] = [];
  /** Set while the session is a member of the channel. */
  member: Member | undefined;
  /** Whether live publications may be written now. */
  live = true;
  /** Publications are lost for it until its connection has drained; then it is told. */
  lagging = false;
  /** Publications that were written to it, and that were lost for it. */
  delivered = 0;
  dropped = 0;
  /** The last publication written to it, so that overlapping filters write once. */
  stamp = 0;
  /** Its place among the channel's readers without a filter; −1 when it has only filters. */
  index = -1;
  /** What was published while the answer to a `subscribe` or `join` was being made. */
  #held: Publication[] | undefined;
  #holds = 0;

  constructor(session: Session, channel: HubChannel) {
    this.session = session;
    this.connection = session.connection;
    this.channel = channel;
  }

  get unfiltered(): boolean {
    return this.subscriptions.some(({ filter }) => filter === undefined || filter.matchesAll);
  }

  /** Whether a subscription other than `except` wants this payload. */
  wants(payload: unknown, except?: Subscription): boolean {
    return this.subscriptions.some(
      (subscription) =>
        subscription !== except && (subscription.filter === undefined || subscription.filter.matches(payload)),
    );
  }

  /** Holds live publications back: an answer is being made that must come before them. */
  hold(): void {
    this.#holds++;
    this.live = false;
  }

  keep(publication: Publication): void {
    if (this.lagging) {
      this.dropped++;
      return;
    }
    this.#held ??= [];
    this.#held.push(publication);
    if (this.#held.length > MOST_HELD) {
      this.dropped += this.#held.length;
      this.#held = undefined;
      this.lagging = true;
      this.session.noteDropped(this);
    }
  }

  /** Ends one hold; returns what was held by the last of them, in order. */
  release(): readonly Publication[] {
    this.#holds--;
    if (this.#holds > 0) return [];
    const held = this.#held ?? [];
    this.#held = undefined;
    this.live = !this.lagging;
    return held;
  }

  /** Takes what is held up to `offset`, in order: an answer that stands there is about to be written. */
  heldUpTo(offset: number): readonly Publication[] {
    const isPast = ({ position }: Publication): boolean => position !== undefined && position.offset <= offset;
    if (this.#held === undefined) return [];
    const past = this.#held.filter(isPast);
    if (past.length > 0) this.#held = this.#held.filter((publication) => !isPast(publication));
    return past;
  }

  /** Whether an answer is being made that live publications must wait for. */
  get holding(): boolean {
    return this.#holds > 0;
  }
}

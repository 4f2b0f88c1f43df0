import { beginningOf } from "@roomcast/protocol";
import type { Clock } from "../clock.ts";
import type { Incident } from "./incident.ts";

/** Incidents that are kept of a user, and users of whom some are. */
const MOST_OF_USER = 20;
const MOST_USERS = 10_000;
/** Characters that are kept of a text. */
const LONGEST_TEXT = 300;

/** Whose incident it is; visitors have none. */
interface Whose {
  readonly tenantId: string;
  readonly userId: string | null;
}

/**
 * The newest incidents of each user, as this node saw them. What is the same again (a client that tries and tries) takes the
 * place of the one before, so that it does not push out the others; and users of whom there is nothing but that they left
 * push out only each other, for that is what all clients do all day.
 */
export class Journal {
  readonly #nodeId: string;
  readonly #clock: Clock;
  /** Oldest first; users in the order in which they were last touched. */
  readonly #users = new Map<string, Incident[]>();
  /** The same, of those who left by themselves and have no other incident. */
  readonly #left = new Map<string, Incident[]>();

  constructor(options: { nodeId: string; clock: Clock }) {
    this.#nodeId = options.nodeId;
    this.#clock = options.clock;
  }

  add({ tenantId, userId }: Whose, incident: Omit<Incident, "at" | "nodeId" | "times">): void {
    if (userId === null) return;
    const key = `${tenantId}/${userId}`;
    const incidents = this.#users.get(key) ?? this.#left.get(key) ?? [];
    const same = incidents.findIndex((other) => isSame(other, incident));
    const [before] = same < 0 ? [] : incidents.splice(same, 1);
    const { message } = incident;
    incidents.push({
      ...incident,
      ...(message === undefined ? undefined : { message: beginningOf(message, LONGEST_TEXT) }),
      at: this.#clock.now(),
      nodeId: this.#nodeId,
      ...(before === undefined ? undefined : { times: (before.times ?? 1) + 1 }),
    });
    if (incidents.length > MOST_OF_USER) incidents.shift();
    const left = isLeaving(incident) && !this.#users.has(key);
    (left ? this.#users : this.#left).delete(key);
    touch(left ? this.#left : this.#users, key, incidents);
  }

  /** Newest first. */
  of({ tenantId, userId }: Whose): readonly Incident[] {
    if (userId === null) return [];
    const key = `${tenantId}/${userId}`;
    return (this.#users.get(key) ?? this.#left.get(key))?.toReversed() ?? [];
  }
}

function isLeaving({ kind, code }: Pick<Incident, "kind" | "code">): boolean {
  return kind === "ended" && code === "client";
}

/** Puts a user last; the first goes where they are too many. */
function touch(users: Map<string, Incident[]>, key: string, incidents: Incident[]): void {
  users.delete(key);
  users.set(key, incidents);
  if (users.size <= MOST_USERS) return;
  const [oldest] = users.keys();
  if (oldest !== undefined) users.delete(oldest);
}

function isSame(one: Incident, other: Omit<Incident, "at" | "nodeId">): boolean {
  return (
    one.kind === other.kind &&
    one.code === other.code &&
    one.socketId === other.socketId &&
    one.command === other.command &&
    one.channel === other.channel
  );
}

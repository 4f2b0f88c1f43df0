import {
  GatewayError,
  isReservedName,
  OPERATOR_CHANNELS,
  REPLY_BYTES,
  REPLY_ENTRIES,
  utf8Length,
  type ChannelAddress,
  type CompiledFilter,
  type Member,
  type Position,
  type Publication,
  type Recovery,
} from "@roomcast/protocol";
import type { PolicyContext } from "./policy.ts";
import { JOINED, Reader, type Subscription } from "./reader.ts";
import type { Allowed, Session } from "./session.ts";

/** Filters that are not pure equality cost an evaluation for each publication; so many a user and a topic may have. */
const FILTERS_PER_USER = 16;
const FILTERS_PER_TOPIC = 500;

export interface FollowOptions {
  readonly id: string;
  readonly filter?: CompiledFilter;
  readonly verdict: Allowed;
  /** The session has this very subscription already: nothing changes but what it may still have missed. */
  readonly again?: { readonly reader: Reader; readonly subscription: Subscription };
  readonly since?: Position;
  readonly token?: string;
}

export interface Followed {
  readonly reader: Reader;
  readonly recovery: Recovery;
  /** To be called when the answer has been written: live publications follow it. */
  readonly release: () => void;
}

/**
 * Begins a subscription and reads what it missed. Live publications wait until the answer is written, so that they come
 * behind the recovered ones and none is between. Rejects without having changed anything.
 */
export async function follow(session: Session, address: ChannelAddress, options: FollowOptions): Promise<Followed> {
  const { reader, subscription } = options.again ?? begin(session, address, options);
  reader.hold();
  subscription.verdict = options.verdict;
  watchRight(session, reader, subscription);
  try {
    await reader.channel.subscribed;
    const recovery = await recover(session, address, options);
    if (session.ended) throw new GatewayError("UNAVAILABLE", "The connection has ended");
    const position = recovery.position?.offset ?? 0;
    const recovered = new Set(recovery.events?.map(({ id }) => id));
    // What was published before the answer was read is in it, or was before this subscription's time.
    const answered = options.again === undefined || options.since !== undefined ? subscription : undefined;
    // Offsets never go back for a session: what its other subscriptions are owed from before the answer comes before it.
    for (const publication of reader.heldUpTo(position)) {
      if (!recovered.has(publication.id) && reader.wants(publication.data, answered))
        reader.channel.deliverTo(reader, publication, "held");
    }
    return {
      reader,
      recovery,
      release: () => settle(reader, ({ data }) => reader.wants(data)),
    };
  } catch (thrown) {
    if (options.again === undefined) drop(session, reader, subscription);
    settle(reader, (publication) => reader.wants(publication.data));
    throw thrown;
  }
}

function begin(
  session: Session,
  address: ChannelAddress,
  options: FollowOptions,
): { reader: Reader; subscription: Subscription } {
  checkLimits(session, address, options);
  const { hub } = session.services;
  let reader = session.reader(address);
  if (reader === undefined) {
    reader = new Reader(session, hub.open(address));
    // Not pushed: a list that grows keeps room for many, and each session has one.
    session.readers = session.readers.concat(reader);
  }
  const { id, filter, verdict } = options;
  const subscription: Subscription = { id, filter, verdict, review: undefined };
  hub.place(reader, reader.subscriptions.concat(subscription));
  return { reader, subscription };
}

/** Ends one hold of a reader, and hands it what it is owed. */
function settle(reader: Reader, owed: (publication: Publication) => boolean): void {
  const held = reader.release();
  if (reader.session.ended) return;
  for (const publication of held) if (owed(publication)) reader.channel.deliverTo(reader, publication);
  if (!reader.holding) reader.session.catchUp(reader);
}

async function recover(session: Session, address: ChannelAddress, options: FollowOptions): Promise<Recovery> {
  const { publisher } = session.services;
  const { since, filter, token } = options;
  const readable = since !== undefined && (await mayReadHistory(session, address, token));
  const page = await publisher.history(address, readable ? { limit: REPLY_ENTRIES + 1, since } : { limit: 0 });
  if (page === undefined) return since === undefined ? {} : { recovered: false };
  const { position } = page;
  if (since === undefined) return { position };
  const events = filter === undefined ? page.events : page.events.filter(({ data }) => filter.matches(data));
  const fits = (filter === undefined && page.bytes !== undefined && page.bytes <= REPLY_BYTES) || fitsReply(events);
  if (!readable || !page.complete || page.events.length > REPLY_ENTRIES || !fits) {
    return { position, recovered: false };
  }
  return { position, recovered: true, events };
}

async function mayReadHistory(session: Session, address: ChannelAddress, token: string | undefined): Promise<boolean> {
  try {
    await session.decide("history", address, standing(session, address, token));
    return true;
  } catch (thrown) {
    if (thrown instanceof GatewayError && thrown.code === "FORBIDDEN") return false;
    throw thrown;
  }
}

function fitsReply(events: readonly Publication[]): boolean {
  let bytes = 0;
  return events.every((event) => (bytes += replyBytes(event)) <= REPLY_BYTES);
}

/** What an event adds to a reply, about. */
export function replyBytes(event: Publication): number {
  return utf8Length(JSON.stringify(event));
}

function checkLimits(session: Session, address: ChannelAddress, options: FollowOptions): void {
  const { limits, hub, directory } = session.services;
  // What the gateway itself put the session into does not count.
  const subscriptions = session.readers.reduce(
    (sum, { channel, subscriptions: own }) => (counts(channel.address.name) ? sum + own.length : sum),
    0,
  );
  if (counts(address.name) && subscriptions >= limits.subscriptionsPerSession)
    throw limitReached("subscriptionsPerSession");
  const { filter } = options;
  if (filter === undefined || filter.pureEquality) return;
  const filters = hub.find(address)?.filters;
  if (filters !== undefined && !filters.has(filter) && filters.impure >= FILTERS_PER_TOPIC)
    throw limitReached("filtersPerTopic");
  const { userId, tenantId } = session.principal;
  const sessions = userId === null ? [session] : directory.of(tenantId, userId);
  const keys = new Set<string>([filter.key]);
  for (const other of sessions) {
    for (const subscription of other.reader(address)?.subscriptions ?? []) {
      if (subscription.filter?.pureEquality === false) keys.add(subscription.filter.key);
    }
  }
  if (keys.size > FILTERS_PER_USER) throw limitReached("filtersPerUser");
}

/** Whether a client asked for it itself. */
function counts(name: string): boolean {
  return !isReservedName(name) || OPERATOR_CHANNELS.has(name);
}

export function limitReached(limit: string): GatewayError {
  return new GatewayError("LIMIT_REACHED", "Too many subscriptions", { details: { limit } });
}

/** Ends one subscription of a session; the reader goes with its last one. */
export function drop(session: Session, reader: Reader, subscription: Subscription): void {
  session.services.deadlines.cancel(subscription.review);
  session.services.hub.place(
    reader,
    reader.subscriptions.filter((other) => other !== subscription),
  );
  if (reader.subscriptions.length > 0) return;
  session.readers = session.readers.filter((other) => other !== reader);
  session.readerGone(reader);
}

/** Ends the membership of a session; it stays a reader by its other subscriptions. */
export async function leave(session: Session, reader: Reader): Promise<void> {
  const joined = reader.subscriptions.find(({ id }) => id === JOINED);
  const { member } = reader;
  reader.member = undefined;
  if (joined !== undefined) drop(session, reader, joined);
  if (member !== undefined) await session.services.roster.remove(reader.channel.address, member);
}

/** Takes a session that has ended out of everything, at once. */
export function leaveEverything(session: Session): void {
  const { hub, deadlines, roster, observer } = session.services;
  for (const reader of session.readers) {
    for (const { review } of reader.subscriptions) deadlines.cancel(review);
    const { member } = reader;
    reader.member = undefined;
    hub.place(reader, []);
    session.readerGone(reader);
    if (member === undefined) continue;
    roster.remove(reader.channel.address, member).catch((error: unknown) => observer.failed?.("presence", error));
  }
  session.readers = [];
}

/** Looks at every right of a session again: its principal has changed. */
export function reviewEverything(session: Session): void {
  for (const reader of session.readers) {
    // A room token's right depends on nothing that a refresh changes.
    for (const subscription of reader.subscriptions) {
      const { until, given } = subscription.verdict;
      if (until === undefined && given !== true) void review(session, reader, subscription);
    }
  }
}

/** Has the right behind a subscription looked at again when it ends, or when a function may have changed its mind. */
function watchRight(session: Session, reader: Reader, subscription: Subscription): void {
  const { clock, deadlines, recheckMs } = session.services;
  const { until, recheck } = subscription.verdict;
  deadlines.cancel(subscription.review);
  subscription.review = undefined;
  const at = Math.min(
    until ?? Number.POSITIVE_INFINITY,
    recheck === true ? clock.now() + recheckMs : Number.POSITIVE_INFINITY,
  );
  if (Number.isFinite(at))
    subscription.review = deadlines.schedule(at, () => void review(session, reader, subscription));
}

async function review(session: Session, reader: Reader, subscription: Subscription): Promise<void> {
  const { address } = reader.channel;
  try {
    const action = subscription.id === JOINED ? "presence" : "subscribe";
    // A room token is good until it ends, also when a function is asked beside it.
    const { until } = subscription.verdict;
    const token = until !== undefined && until > session.services.clock.now() ? { until } : undefined;
    const verdict = await session.decide(action, address, { following: false, ...token });
    if (session.ended || !reader.subscriptions.includes(subscription)) return;
    subscription.verdict = { ...verdict, ...token };
    watchRight(session, reader, subscription);
  } catch (thrown) {
    if (session.ended || !reader.subscriptions.includes(subscription)) return;
    const error = GatewayError.from(thrown);
    if (subscription.id === JOINED) {
      leave(session, reader).catch((failure: unknown) => session.services.observer.failed?.("presence", failure));
    } else {
      drop(session, reader, subscription);
    }
    session.noteRefused(error, subscription.id === JOINED ? "join" : "subscribe", address.name);
    session.push({ type: "error", error: error.toWire(), address });
  }
}

/** What a policy is told of a session and a channel, beside its principal and the room token of a command. */
export function standing(session: Session, address: ChannelAddress, token?: string): PolicyContext {
  return standingOf(session, session.reader(address), token);
}

/** The same where the session's reader of that channel is at hand. */
export function standingOf(session: Session, reader: Reader | undefined, token?: string): PolicyContext {
  let until = 0;
  for (const { verdict } of reader?.subscriptions ?? []) until = Math.max(until, verdict.until ?? 0);
  return {
    following: following(reader),
    ...(until > 0 && until > session.services.clock.now() ? { until } : undefined),
    ...(token === undefined ? undefined : { token }),
  };
}

/** What a session owes its following of a channel to. */
export function following(reader: Reader | undefined): "rule" | "grant" | false {
  if (reader === undefined) return false;
  return reader.subscriptions.some(({ verdict }) => verdict.by === "rule") ? "rule" : "grant";
}

/** Joins a channel, or replaces the state of a member. */
export async function enter(session: Session, reader: Reader, state: unknown): Promise<void> {
  if (session.ended) throw new GatewayError("UNAVAILABLE", "The connection has ended");
  const { principal, services } = session;
  const before = reader.member;
  const member: Member = {
    socketId: session.id,
    userId: principal.userId,
    joinedAt: before?.joinedAt ?? services.clock.now(),
    ...(principal.info === undefined ? undefined : { info: principal.info }),
    ...(state === undefined ? undefined : { state }),
  };
  reader.member = member;
  await services.roster.put(reader.channel.address, member, before === undefined ? "joined" : "updated");
  // It may have ended, or left, while the store was asked.
  if (reader.member === undefined) await services.roster.remove(reader.channel.address, member);
}

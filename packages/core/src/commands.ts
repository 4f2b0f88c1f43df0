import {
  GatewayError,
  invalidPayload,
  isReservedName,
  REPLY_BYTES,
  REPLY_ENTRIES,
  utf8Length,
  type ChannelAddress,
  type Command,
  type CommandResult,
  type DirectMessage,
  type Principal,
  type Publication,
} from "@roomcast/protocol";
import { publish, stamp } from "./publishing.ts";
import { JOINED } from "./reader.ts";
import type { Allowed, Session } from "./session.ts";
import {
  drop,
  enter,
  follow,
  leave,
  limitReached,
  replyBytes,
  standing,
  type Followed,
  type FollowOptions,
} from "./subscribing.ts";

/**
 * What a command comes to. `after` runs when the answer has been written. With `later` the answer is still on its way,
 * but the session's next command need not wait for it.
 */
export type Answer =
  | { readonly result: CommandResult; readonly after?: () => void; readonly later?: undefined }
  | { readonly later: Promise<CommandResult> };

type Of<Type extends Command["type"]> = Extract<Command, { type: Type }>;

/** Carries out one command of a session, which came in so many bytes. Throws or rejects with a `GatewayError`. */
export function execute(session: Session, command: Command, bytes: number): Answer | Promise<Answer> {
  if (!session.enrolled && command.type !== "login") throw notLoggedIn();
  switch (command.type) {
    case "subscribe":
      return subscribe(session, command);
    case "unsubscribe":
      return unsubscribe(session, command);
    case "join":
      return join(session, command);
    case "leave":
      return quit(session, command);
    case "publish":
      return publish(session, command, bytes);
    case "direct":
      return direct(session, command);
    case "members":
      return members(session, command);
    case "state":
      return state(session, command);
    case "history":
      return history(session, command);
    case "refresh":
      return session.refresh({ kind: "token", token: command.token }).then((expiresAt) => ({ result: { expiresAt } }));
    case "login": {
      const { type: _, ...credentials } = command;
      return session.login({ kind: "token", ...credentials }).then((expiresAt) => ({ result: { expiresAt } }));
    }
    case "all":
      return all(session, command);
    case "online":
      return online(session, command);
    case "ping":
      return { result: { serverTime: session.services.clock.now() } };
  }
}

/** For whatever a session asks before it is known who it speaks for. */
export function notLoggedIn(): GatewayError {
  return new GatewayError("UNAUTHENTICATED", "Log in first");
}

async function subscribe(session: Session, command: Of<"subscribe">): Promise<Answer> {
  const { id, address, followed } = await start(session, command);
  const { recovery, release } = followed;
  tellFollowers(session, address);
  return { result: { subscriptionId: id, ...recovery }, after: release };
}

/** What a subscription takes, with the right to it. */
interface Prepared {
  /** Whose right it is: when the session has another, that has to be decided anew. */
  readonly principal: Principal;
  readonly command: Of<"subscribe">;
  readonly id: string;
  readonly address: ChannelAddress;
  readonly options: FollowOptions;
}

interface Started {
  /** Whether it was not there before. */
  readonly fresh: boolean;
  readonly id: string;
  readonly address: ChannelAddress;
  readonly followed: Followed;
}

/** Begins a subscription by a right of the principal that the session has in that moment: it is looked at again from then on. */
async function start(session: Session, command: Of<"subscribe">, earlier?: Prepared): Promise<Started> {
  let prepared = earlier;
  while (prepared?.principal !== session.principal) prepared = await prepare(session, command);
  const { id, address, options } = prepared;
  // It may have come or gone since: the same may stand twice in a list.
  const again = find(session, id);
  const followed = await follow(session, address, again === undefined ? options : { ...options, again });
  return { fresh: again === undefined, id, address, followed };
}

/** Decides on a subscription; nothing has been done yet. */
async function prepare(session: Session, command: Of<"subscribe">): Promise<Prepared> {
  const { principal } = session;
  const address = session.address(command.channel);
  const { since, token } = command;
  const filter = command.filter?.matchesAll === true ? undefined : command.filter;
  const verdict = await session.decide("subscribe", address, standing(session, address, token));
  const id = command.subscriptionId ?? freeId(session);
  const again = find(session, id);
  const options = {
    id,
    verdict,
    ...(filter === undefined ? undefined : { filter }),
    ...(since === undefined ? undefined : { since }),
    ...(token === undefined ? undefined : { token }),
  };
  if (again !== undefined) {
    const same = again.reader === session.reader(address) && again.subscription.filter?.key === filter?.key;
    if (!same) throw invalidPayload("subscriptionId", "free, or the same subscription's");
  }
  return { principal, command, id, address, options };
}

/** Everything is decided before anything is begun, and what was begun is taken back where something fails. */
async function all(session: Session, { commands }: Of<"all">): Promise<Answer> {
  const asked = commands.filter((command) => command.type === "subscribe" && !isReservedName(command.channel.name));
  // No session may have so many: nobody's rule function is asked for each of thousands.
  if (asked.length > session.services.limits.subscriptionsPerSession) throw limitReached("subscriptionsPerSession");
  let prepared: Prepared[];
  do {
    prepared = [];
    for (const command of commands) if (command.type === "subscribe") prepared.push(await prepare(session, command));
    // Of a principal that was replaced meanwhile, nothing that was decided holds.
  } while (prepared.some(({ principal }) => principal !== session.principal));
  for (const command of commands) if (command.type === "unsubscribe") checkSubscribed(session, command);
  const begun: Started[] = [];
  try {
    // What was begun is looked at again by whoever replaces the principal; what was not is decided anew.
    for (const earlier of prepared) begun.push(await start(session, earlier.command, earlier));
  } catch (thrown) {
    for (const { fresh, id, followed } of begun) {
      followed.release();
      const known = fresh ? find(session, id) : undefined;
      if (known !== undefined) drop(session, known.reader, known.subscription);
    }
    throw thrown;
  }
  for (const command of commands) if (command.type === "unsubscribe") unsubscribe(session, command);
  for (const { address } of prepared) tellFollowers(session, address);
  return { result: {}, after: () => begun.forEach(({ followed }) => followed.release()) };
}

function tellFollowers(session: Session, address: ChannelAddress): void {
  const { observer, followers } = session.services;
  for (const listener of followers) {
    try {
      listener({ address, dialect: session.connection.wire.dialect.name, userId: session.principal.userId });
    } catch (error) {
      observer.failed?.("follow listener", error);
    }
  }
}

async function online(session: Session, { userIds }: Of<"online">): Promise<Answer> {
  return { result: { online: await session.services.messenger.online(session.principal.tenantId, userIds) } };
}

function checkSubscribed(session: Session, { subscriptionId, lenient }: Of<"unsubscribe">): void {
  if (lenient !== true && find(session, subscriptionId) === undefined) {
    throw new GatewayError("NOT_FOUND", "There is no such subscription");
  }
}

function unsubscribe(session: Session, command: Of<"unsubscribe">): Answer {
  const known = find(session, command.subscriptionId);
  if (known === undefined && command.lenient === true) return { result: {} };
  if (known === undefined) throw new GatewayError("NOT_FOUND", "There is no such subscription");
  drop(session, known.reader, known.subscription);
  return { result: {} };
}

async function join(session: Session, command: Of<"join">): Promise<Answer> {
  const address = session.address(command.channel);
  const { since, token } = command;
  checkState(session, command.state);
  let principal: Principal;
  let verdict: Allowed;
  do {
    ({ principal } = session);
    verdict = await session.decide("presence", address, standing(session, address, token));
    // What has begun is looked at again by whoever replaces the principal; this has not.
  } while (principal !== session.principal);
  const before = session.reader(address);
  const subscription = before?.subscriptions.find(({ id }) => id === JOINED);
  const options = {
    id: JOINED,
    verdict,
    ...(before === undefined || subscription === undefined ? undefined : { again: { reader: before, subscription } }),
    ...(since === undefined ? undefined : { since }),
    ...(token === undefined ? undefined : { token }),
  };
  const { reader, recovery, release } = await follow(session, address, options);
  tellFollowers(session, address);
  try {
    await enter(session, reader, command.state === undefined ? reader.member?.state : command.state);
    const page = await session.services.roster.page(address, undefined);
    return { result: { ...page, ...recovery }, after: release };
  } catch (thrown) {
    release();
    await leave(session, reader);
    throw thrown;
  }
}

async function quit(session: Session, command: Of<"leave">): Promise<Answer> {
  const reader = session.reader(session.address(command.channel));
  if (reader?.member !== undefined) await leave(session, reader);
  return { result: {} };
}

async function direct(session: Session, command: Of<"direct">): Promise<Answer> {
  const { messenger, clock } = session.services;
  const { tenantId } = session.principal;
  if (!(await mayDirect(session, command))) {
    if ("socketId" in command.to) throw new GatewayError("NOT_FOUND", "There is no such connection");
    throw new GatewayError("FORBIDDEN", "You may not send direct messages");
  }
  const found = await messenger.find(tenantId, command.to);
  if (found.length === 0 && "socketId" in command.to)
    throw new GatewayError("NOT_FOUND", "There is no such connection");
  const { event, data } = command;
  const message: DirectMessage = { id: messageId(), event, data, sender: stamp(session), timestamp: clock.now() };
  return { result: { id: message.id, delivered: await messenger.deliver(tenantId, found, message) } };
}

async function mayDirect(session: Session, command: Of<"direct">): Promise<boolean> {
  const { principal, services } = session;
  const right = services.direct;
  if (principal.grantsOnly === true) return false;
  if (typeof right === "function") {
    const params = "userId" in command.to ? { userId: command.to.userId } : { socketId: command.to.socketId };
    return (await services.hooks.call("direct", () => right(principal, params))) === true;
  }
  if (right === "anyone") return true;
  if (right === "authenticated") return !principal.anonymous;
  return right === "service" && session.privileged;
}

async function members(session: Session, command: Of<"members">): Promise<Answer> {
  const address = session.address(command.channel);
  await session.decide("presence", address, standing(session, address));
  return { result: await session.services.roster.page(address, command.cursor) };
}

async function state(session: Session, command: Of<"state">): Promise<Answer> {
  const reader = session.reader(session.address(command.channel));
  if (reader?.member === undefined) throw new GatewayError("NOT_FOUND", "You are not a member of this channel");
  checkState(session, command.state);
  await enter(session, reader, command.state);
  return { result: {} };
}

async function history(session: Session, command: Of<"history">): Promise<Answer> {
  const address = session.address(command.channel);
  await session.decide("history", address, standing(session, address));
  const { limit, since } = command;
  const page = await session.services.publisher.history(address, since === undefined ? { limit } : { limit, since });
  if (page === undefined) return { result: { events: [] } };
  const events = fitting(page.events, since === undefined ? "newest" : "oldest");
  return { result: { events, position: page.position } };
}

/** As many events as one reply may carry, and at least one: of the newest, or of the oldest. */
export function fitting(events: readonly Publication[], from: "newest" | "oldest"): readonly Publication[] {
  const order = from === "newest" ? events.toReversed() : events;
  let bytes = 0;
  let count = 0;
  for (const event of order.slice(0, REPLY_ENTRIES)) {
    bytes += replyBytes(event);
    if (bytes > REPLY_BYTES && count > 0) break;
    count++;
  }
  return from === "newest" ? events.slice(events.length - count) : events.slice(0, count);
}

/** Told apart by chance, not by secrecy. */
export function messageId(): string {
  return `${Math.random().toString(36).slice(2, 12)}${Math.random().toString(36).slice(2, 12)}`;
}

function checkState(session: Session, state: unknown): void {
  const limit = session.services.limits.stateBytes;
  if (state !== undefined && utf8Length(JSON.stringify(state)) > limit) {
    throw new GatewayError("TOO_LARGE", "The presence state is too large", { details: { limit } });
  }
}

function find(session: Session, id: string) {
  for (const reader of session.readers) {
    const subscription = reader.subscriptions.find((one) => one.id === id && id !== JOINED);
    if (subscription !== undefined) return { reader, subscription };
  }
  return undefined;
}

function freeId(session: Session): string {
  let id: string;
  do id = session.nextSubscriptionId();
  while (find(session, id) !== undefined);
  return id;
}

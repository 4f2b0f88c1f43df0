import {
  checkJson,
  frameEvent,
  GatewayError,
  isPrivileged,
  OPERATOR_CHANNELS,
  operatorRight,
  type ChannelAction,
  type ChannelAddress,
  type ChannelTarget,
  type Credentials,
  type Decoded,
  type ErrorCode,
  type Frame,
  type Principal,
  type Push,
  type SessionFacts,
} from "@roomcast/protocol";
import type { Admission, Identity } from "./admission.ts";
import { CommandQueue } from "./command-queue.ts";
import type { Connection } from "./connection.ts";
import type { Deadline } from "./deadlines.ts";
import { isPromise } from "./hooks.ts";
import type { Incident } from "./insight/incident.ts";
import type { PolicyContext, Verdict } from "./policy.ts";
import type { Reader } from "./reader.ts";
import { Refusal } from "./refusal.ts";
import { claimsText } from "./claims.ts";
import { closingError } from "./closing.ts";
import { EVERYBODY, type Services } from "./services.ts";
import { settleIn } from "./settling.ts";
import { leaveEverything, reviewEverything } from "./subscribing.ts";
import { TokenBucket } from "./token-bucket.ts";

export type Allowed = Extract<Verdict, { allowed: true }>;

/** A frame as the connection's owner hands it over. */
export interface FrameInfo {
  /** Bytes of its text on the wire. */
  readonly bytes: number;
  /** It was over `limits.commandBytes` and has not been parsed: only its event name is there. */
  readonly tooLarge?: boolean;
  /** Answers the frame; there when the client asked for an acknowledgement. */
  readonly acknowledge?: (args: readonly unknown[]) => void;
}

/** What a session has done since it began. */
export interface SessionTotals {
  readonly commands: number;
  /** Commands of those that were refused. */
  readonly refused: number;
  /** Events that were written to it, and that it has lost. */
  readonly events: number;
  readonly dropped: number;
  /** Bytes that were written to its link. */
  readonly bytes: number;
}

/** Who is told what becomes of sessions. */
export interface SessionHost {
  /**
   * It is known who the session speaks for. Resolves when other nodes find it, or cannot for now; rejects with `LIMIT_REACHED`
   * where it is one too many of all nodes.
   */
  enrolled(session: Session, admission: Admission): Promise<void>;
  /** It has left everything. Once. */
  ended(session: Session, reason: ErrorCode | "client"): void;
  /** Its link has gone too. */
  gone(session: Session): void;
}

/** Who a session speaks for before it has logged in: reaches nothing. */
const NOBODY: Principal = {
  userId: null,
  tenantId: EVERYBODY,
  roles: [],
  grants: {},
  grantsOnly: true,
  anonymous: true,
};

const BY_ROLE: Verdict = { allowed: true, by: "rule" };
const NOT_BY_ROLE: Verdict = { allowed: false };

/** The first of every session's are the same: they share them. */
const SUBSCRIPTION_IDS = Array.from({ length: 128 }, (_, index) => `subscription_${index + 1}`);

/** How long before its expiry a session is told of it. */
const EXPIRY_NOTICE_MS = 60_000;

/** How long a session waits to be found by other nodes before it begins all the same: less than clients wait for. */
const FOUND_MS = 2000;

/**
 * One client's state: who it is, what it follows, and its commands, which are carried out one after another, so that a
 * later one sees what an earlier one did. Nothing that a client sends makes a method of it throw.
 */
export class Session {
  readonly id: string;
  readonly connection: Connection;
  readonly services: Services;
  readonly connectedAt: number;
  /** What it follows. Few: a list. */
  readers: readonly Reader[] = [];
  #principal: Principal = NOBODY;
  /** JSON: less than an object of it. */
  #claims: string | undefined;
  #privileged = false;
  #enrolled = false;
  #greeted = false;
  #bucket: TokenBucket;
  #ended = false;
  readonly #commands: CommandQueue;
  #expiry: Deadline | undefined;
  /** When it must have logged in, or when its credentials are asked for again. */
  #check: Deadline | undefined;
  #subscriptionIds = 0;
  #commandCount = 0;
  #refusedCount = 0;
  /** Events beside those that its readers count, and of readers that have gone. */
  #eventCount = 0;
  #droppedCount = 0;
  readonly #host: SessionHost;

  /** Made by `Gateway.open`. */
  constructor(options: { connection: Connection; services: Services; host: SessionHost }) {
    this.connection = options.connection;
    this.id = options.connection.id;
    this.services = options.services;
    this.#host = options.host;
    const { clock, limits } = this.services;
    this.connectedAt = clock.now();
    this.#commands = new CommandQueue(this);
    this.#bucket = new TokenBucket(limits.commandBurst, this.connectedAt);
  }

  get principal(): Principal {
    return this.#principal;
  }

  get privileged(): boolean {
    return this.#privileged;
  }

  /** What its credential said beside the principal, as JSON. */
  get claims(): string | undefined {
    return this.#claims;
  }

  get ended(): boolean {
    return this.#ended;
  }

  totals(): SessionTotals {
    let events = this.#eventCount;
    let dropped = this.#droppedCount;
    for (const reader of this.readers) {
      events += reader.delivered;
      dropped += reader.dropped;
    }
    const bytes = this.connection.load?.written ?? 0;
    return { commands: this.#commandCount, refused: this.#refusedCount, events, dropped, bytes };
  }

  /** A reader of it has gone: what that has counted stays. */
  readerGone({ delivered, dropped }: Reader): void {
    this.#eventCount += delivered;
    this.#droppedCount += dropped;
  }

  /** Whether it is known who the session speaks for: at once, or after a late login. */
  get enrolled(): boolean {
    return this.#enrolled;
  }

  /** Begins: as the admission says, or without one by waiting for a login. Called once, by the gateway. */
  start(admission: Admission | undefined): void {
    if (admission !== undefined) {
      this.#commands.after(this.#enrol(admission));
      return;
    }
    const { clock, deadlines, limits } = this.services;
    this.#check = deadlines.schedule(clock.now() + limits.loginSeconds * 1000, () => this.loginFailed());
  }

  /** Who it is, for its dialect. */
  facts(): SessionFacts {
    const { tenantId, userId, expiresAt } = this.#principal;
    const { nodeId, clock } = this.services;
    return { socketId: this.id, userId, tenantId, nodeId, expiresAt: expiresAt ?? null, serverTime: clock.now() };
  }

  /** Logs in late, or with another token of the same user. Rejects like `Gateway.admit` and `refresh`. */
  async login(credentials: Credentials): Promise<number | null> {
    if (this.#enrolled) return await this.refresh(credentials);
    const admission = await this.services.admit(credentials, this.connection.origin);
    if (this.#ended) {
      admission.release();
      return null;
    }
    this.services.deadlines.cancel(this.#check);
    try {
      await this.#enrol(admission);
    } catch (thrown) {
      // Half of where it should be, it would miss things without knowing. One too many is told before it is ended.
      if (this.#greeted) this.end(GatewayError.from(thrown).code, "The session could not begin");
      throw thrown;
    }
    return this.#principal.expiresAt ?? null;
  }

  /** Ends a session that could not, or did not, say who it speaks for. */
  loginFailed(): void {
    if (!this.#greeted) this.end("UNAUTHENTICATED", "The connection did not log in");
  }

  async #enrol(admission: Admission): Promise<void> {
    const { principal, claims, channels = [] } = admission.identity;
    this.#enrolled = true;
    this.#become(principal, claims);
    if (this.#privileged) {
      const { commandBurst, privilegedFactor } = this.services.limits;
      this.#bucket = new TokenBucket(commandBurst * privilegedFactor, this.connectedAt);
    }
    this.connection.enrolled?.();
    const found = this.#host.enrolled(this, admission);
    // It may have been revoked meanwhile: then there is nothing to watch.
    if (this.#ended) return;
    // Whoever has heard of the session, as its client does now, reaches it from every node.
    await this.#soon(found);
    if (this.#ended) return;
    this.#greet();
    this.#watchExpiry();
    this.#watchIdentity(admission.identity);
    await settleIn(this, channels);
  }

  #greet(): void {
    if (this.#greeted) return;
    this.#greeted = true;
    for (const frame of this.connection.wire.dialect.greeting(this.facts())) this.write(frame);
  }

  /** Ends with `found`, or when that takes too long; where it fails only then, the session ends. */
  async #soon(found: Promise<void>): Promise<void> {
    const { clock, deadlines } = this.services;
    await new Promise<void>((resolve, reject) => {
      const deadline = deadlines.schedule(clock.now() + FOUND_MS, resolve);
      found.then(
        () => {
          deadlines.cancel(deadline);
          resolve();
        },
        (thrown: unknown) => {
          deadlines.cancel(deadline);
          const { code, message } = GatewayError.from(thrown);
          if (this.#greeted) this.end(code, message);
          reject(thrown);
        },
      );
    });
  }

  #become(principal: Principal, claims: Identity["claims"]): void {
    this.#principal = principal;
    this.#claims = claimsText(claims);
    this.#privileged = isPrivileged(principal);
  }

  /** Takes one frame from the client. Never throws; every frame that asks for an acknowledgement gets one. */
  receive(frame: readonly unknown[], info: FrameInfo): void {
    if (this.#ended) return;
    const request = this.#decode(frame, info);
    if (request.kind === "ignored") return;
    this.#commandCount++;
    this.#commands.add({ request, bytes: info.bytes, acknowledge: info.acknowledge });
  }

  /** The connection's backlog has gone: readers that were left behind are told, and follow again. */
  drained(): void {
    if (this.#ended) return;
    for (const reader of this.readers) if (!reader.holding) this.catchUp(reader);
    this.#commands.resume();
  }

  /** Tells a reader that lost publications where it stands now. */
  catchUp(reader: Reader): void {
    if (!reader.lagging || this.connection.overloaded) return;
    reader.lagging = false;
    reader.live = !reader.holding;
    const { address, position } = reader.channel;
    if (this.push({ type: "gap", address, position })) return;
    // It must not go on as if it had heard everything: whoever comes anew loads anew.
    this.end("SLOW_CONSUMER", "The connection missed events, and its language has no word for that");
  }

  /** A delivery met a connection that does not keep up; the channel says what follows. */
  slow(reader: Reader): void {
    if (reader.channel.settings.slow === "disconnect") {
      this.end("SLOW_CONSUMER", "The connection did not keep up with what it follows");
      return;
    }
    reader.lagging = true;
    reader.live = false;
    this.noteDropped(reader);
  }

  /** Notes the first event that a reader loses. */
  noteDropped({ channel }: Reader): void {
    const message = "The connection did not keep up, and misses events until it does";
    this.#note({ kind: "dropped", code: "SLOW_CONSUMER", message, channel: channel.address.name });
  }

  /** Notes that something was refused: a command, as its client calls it where it is none, or a right that it had. */
  noteRefused({ code, message }: GatewayError, command: string, channel: string | undefined): void {
    const where = channel === undefined ? undefined : { channel };
    this.#note({ kind: "refused", code, message, command, ...where });
  }

  /** A command of it was refused. */
  refused(error: GatewayError, command: string, channel: string | undefined): void {
    this.#refusedCount++;
    this.noteRefused(error, command, channel);
  }

  #note(incident: Pick<Incident, "kind" | "code" | "message" | "command" | "channel">): void {
    const dialect = this.connection.wire.dialect.name;
    this.services.journal.add(this.#principal, { ...incident, socketId: this.id, dialect });
  }

  /** Says something unasked; whether the client's dialect has a word for it. */
  push(push: Push): boolean {
    if (this.#ended) return false;
    // Others have found it before it heard so itself.
    if (!this.#greeted && push.type !== "closing") this.#greet();
    const frame = this.connection.wire.dialect.encode(push);
    if (frame === undefined) return false;
    if (push.type === "direct") this.#eventCount++;
    this.write(frame);
    return true;
  }

  write(frame: Frame): void {
    this.connection.write(this.connection.wire.encode(frame));
  }

  /** Ends the session: says `closing`, leaves everything at once, and closes the link. False when it had ended before. */
  end(code: ErrorCode, message: string): boolean {
    if (this.#ended) return false;
    const { error, reconnect } = closingError(code, message);
    this.push({ type: "closing", error, reconnect });
    this.#leave(code, message);
    if (code === "SLOW_CONSUMER") this.connection.close("destroy");
    else this.connection.close(reconnect ? "reconnect" : "stay-away");
    return true;
  }

  /** The link has gone; its owner calls this once, whoever ended it. */
  gone(): void {
    if (!this.#ended) this.#leave("client");
    this.#host.gone(this);
  }

  /** The session's address of a channel that a command names. */
  address(target: ChannelTarget): ChannelAddress {
    const { tenantId, userId } = this.#principal;
    if (target.own !== true) {
      const { name } = target;
      return { tenantId: OPERATOR_CHANNELS.get(name)?.of === "everybody" ? EVERYBODY : tenantId, name };
    }
    if (userId === null) throw new GatewayError("FORBIDDEN", "Visitors have no channels of their own");
    return { tenantId, name: target.name, userId };
  }

  reader(address: ChannelAddress): Reader | undefined {
    const { tenantId, name, userId } = address;
    return this.readers.find(
      ({ channel: { address: other } }) =>
        other.name === name && other.userId === userId && other.tenantId === tenantId,
    );
  }

  nextSubscriptionId(): string {
    const number = this.#subscriptionIds++;
    return SUBSCRIPTION_IDS[number] ?? `subscription_${number + 1}`;
  }

  /**
   * Whether the session may do this now. Rejects or throws `FORBIDDEN`, or `UNAVAILABLE`. When the principal was
   * replaced while a decision was made, it is made again.
   */
  decide(action: ChannelAction, address: ChannelAddress, context: PolicyContext): Allowed | Promise<Allowed> {
    const principal = this.#principal;
    const operators = address.userId === undefined ? operatorRight(principal, action, address.name) : undefined;
    if (operators !== undefined) return allowed(operators ? BY_ROLE : NOT_BY_ROLE, action, address);
    const { hooks, policy } = this.services;
    const verdict = hooks.bound("rule", () => policy.decide(principal, action, address, context));
    if (!isPromise(verdict)) return allowed(verdict, action, address);
    return verdict.then((answer) =>
      principal === this.#principal ? allowed(answer, action, address) : this.decide(action, address, context),
    );
  }

  /** Replaces who the session speaks for: the same user, with other rights or another expiry. */
  async refresh(credentials: Credentials): Promise<number | null> {
    const { principal, claims } = await this.services.identify(credentials);
    if (this.#ended) return null;
    if (!this.#isSame(principal)) throw new GatewayError("FORBIDDEN", "The token is another user's");
    this.#replace(principal, claims);
    return principal.expiresAt ?? null;
  }

  #isSame({ userId, tenantId, anonymous }: Principal): boolean {
    const own = this.#principal;
    return userId === own.userId && tenantId === own.tenantId && anonymous === own.anonymous;
  }

  #replace(principal: Principal, claims: Identity["claims"]): void {
    this.#become(principal, claims);
    this.#watchExpiry();
    reviewEverything(this);
  }

  /** Has the credentials asked for again, where the authenticator wants that. */
  #watchIdentity({ credentials, revalidate }: Identity): void {
    if (revalidate === undefined) return;
    const { clock, deadlines } = this.services;
    this.#check = deadlines.schedule(clock.now() + revalidate.seconds * 1000, () => {
      this.services.identify(credentials).then(
        (identity) => {
          if (this.#ended) return;
          if (this.#isSame(identity.principal)) {
            this.#replace(identity.principal, identity.claims);
            this.#watchIdentity(identity);
          } else this.end("REVOKED", "The credentials are another user's now");
        },
        (thrown: unknown) => {
          if (this.#ended) return;
          // That it cannot be known now says nothing about the user.
          if (GatewayError.from(thrown).retryable)
            this.#watchIdentity({ principal: this.#principal, credentials, revalidate });
          else this.end("REVOKED", "The credentials hold no more");
        },
      );
    });
  }

  #watchExpiry(): void {
    const { deadlines } = this.services;
    deadlines.cancel(this.#expiry);
    this.#expiry = undefined;
    const { expiresAt } = this.#principal;
    if (expiresAt === undefined) return;
    this.#expiry = deadlines.schedule(expiresAt - EXPIRY_NOTICE_MS, this);
  }

  /** Its token expires soon, or has. For the deadline of that. */
  due(deadline: Deadline): void {
    const { expiresAt } = this.#principal;
    if (deadline !== this.#expiry || expiresAt === undefined) return;
    if (deadline.at >= expiresAt) {
      this.end("TOKEN_EXPIRED", "The token has expired");
      return;
    }
    this.#expiry = this.services.deadlines.schedule(expiresAt, this);
    this.push({ type: "expiring", expiresAt });
  }

  #decode(frame: readonly unknown[], info: FrameInfo): Decoded {
    const { directory, limits, observer } = this.services;
    const wait = directory.take(this, this.#bucket, this.#privileged);
    try {
      if (wait > 0) throw new GatewayError("RATE_LIMITED", "Too many commands", { details: { retryAfterMs: wait } });
      if (info.tooLarge === true) {
        throw new GatewayError("TOO_LARGE", "The command is too large", { details: { limit: limits.commandBytes } });
      }
      for (let i = 1; i < frame.length; i++) checkJson(frame[i], limits.jsonDepth);
      const decoded = this.connection.wire.dialect.decode(frame);
      // A codec never throws: what went wrong in it without being the client's fault comes so.
      if (decoded.kind === "invalid" && decoded.error.code === "INTERNAL") observer.failed?.("decode", decoded.error);
      return decoded;
    } catch (thrown) {
      const error = GatewayError.from(thrown);
      if (error.code === "INTERNAL") observer.failed?.("decode", thrown);
      return { kind: "invalid", event: frameEvent(frame), error };
    }
  }

  #leave(reason: ErrorCode | "client", message?: string): void {
    this.#ended = true;
    this.#commands.clear();
    this.services.deadlines.cancel(this.#expiry);
    this.services.deadlines.cancel(this.#check);
    leaveEverything(this);
    this.#note({ kind: "ended", code: reason, ...(message === undefined ? undefined : { message }) });
    this.#host.ended(this, reason);
  }
}

function allowed(verdict: Verdict, action: ChannelAction, { name }: ChannelAddress): Allowed {
  if (verdict.allowed) return verdict;
  throw new Refusal(action, name);
}

import {
  checkChannelName,
  GatewayError,
  invalidPayload,
  isTenantId,
  isUserId,
  type Position,
  type Principal,
  type Role,
} from "@roomcast/protocol";
import type { Signal } from "../broker.ts";
import { messageId } from "../commands.ts";
import { connectionInfo, type ConnectionInfo } from "../connection-info.ts";
import { sessionsOf, type Services } from "../services.ts";
import { standing } from "../subscribing.ts";
import { connectionDetails, type ConnectionDetails } from "./connection-details.ts";
import { decisionsFor, type Decisions } from "./decisions.ts";
import { Gauges } from "./gauges.ts";
import type { Incident } from "./incident.ts";
import { Inquiries } from "./inquiries.ts";
import { NodeRegistry, type NodeAbout, type NodeInfo } from "./node-registry.ts";
import type { Answerer, AnswerTo, Question, QuestionKind } from "./questions.ts";
import { matchesOf, matchOf, type RuleMatch } from "./rule-match.ts";

/** What all nodes answered, and those that did not. */
export interface Answers<Asked extends Question> {
  readonly answers: readonly { readonly nodeId: string; readonly value: AnswerTo<Asked> }[];
  readonly unreachable: readonly string[];
}

/** What all nodes know of a user. */
export interface UserReport {
  readonly userId: string;
  /** The first of them, 100 at most. */
  readonly connections: readonly ConnectionInfo[];
  /** When its tokens were last ended, in milliseconds since 1970. */
  readonly revokedAt: number | null;
  /** Newest first, 100 at most. */
  readonly incidents: readonly Incident[];
  /** Nodes that did not say what they know. */
  readonly unreachable: readonly string[];
}

export interface ChannelDetails {
  readonly name: string;
  readonly memberCount: number;
  readonly subscriberCount: number;
  /** The top of its log; null where it keeps none. */
  readonly position: Position | null;
  readonly rule: RuleMatch;
}

/** On whose behalf a rule is tried. */
export interface RuleQuestion {
  readonly channel: string;
  /** A connection's own principal; the other fields do not count then. */
  readonly socketId?: string;
  readonly userId?: string;
  /** `client` by default. */
  readonly roles?: readonly Role[];
  /** A visitor, who is no user. */
  readonly anonymous?: boolean;
}

/** The most of a user that one report has. */
const MOST = 100;

/** What operators want to know of the whole cluster. Every method rejects with a `GatewayError` of the table. */
export class Insight {
  readonly #services: Services;
  readonly #registry: NodeRegistry;
  readonly #inquiries: Inquiries;
  #entered = false;
  #closed = false;

  /** Made by the gateway. */
  constructor(services: Services, about: NodeAbout = {}) {
    this.#services = services;
    const startedAt = services.clock.now();
    this.#registry = new NodeRegistry({ ...services, run: messageId(), startedAt, about });
    this.#inquiries = new Inquiries(services);
    const gauges = new Gauges(services);
    this.answer("connection", (question) => connectionDetails(services, gauges, question));
    this.answer("incidents", (whose) => services.journal.of(whose));
    this.answer("rights", async (question) => await this.#rights(question));
  }

  /** This node, which is known whatever is away. */
  get own(): NodeInfo {
    return this.#registry.own;
  }

  /** The nodes that are there, by name; this one always is. `UNAVAILABLE` while the store is away. */
  async nodes(): Promise<readonly NodeInfo[]> {
    return await this.#registry.list();
  }

  /** Asks one node. Rejects with what went wrong there, and with `UNAVAILABLE` where no answer comes within two seconds. */
  async ask<Asked extends Question>(nodeId: string, question: Asked): Promise<AnswerTo<Asked>> {
    return await this.#inquiries.one(nodeId, question);
  }

  /** Asks all nodes: the answers that came within two seconds, and the names of the nodes that gave none. */
  async askAll<Asked extends Question>(question: Asked): Promise<Answers<Asked>> {
    const nodes = await this.nodes();
    return await this.#inquiries.many(
      nodes.map(({ nodeId }) => nodeId),
      question,
    );
  }

  /** Has questions of a kind answered on this node by `answerer`. */
  answer<Kind extends QuestionKind>(kind: Kind, answerer: Answerer<Kind>): void {
    this.#inquiries.answer(kind, answerer);
  }

  /** What its node knows of a connection. `NOT_FOUND`; `UNAVAILABLE` where that node does not answer. */
  async connection(tenantId: string, socketId: string): Promise<ConnectionDetails> {
    const nodeId = await this.#nodeOf(tenantId, socketId);
    const details = await this.#inquiries.one(nodeId, { kind: "connection", tenantId, socketId });
    return details ?? notFound();
  }

  /** What all nodes know of a user, who need not be connected. */
  async user(tenantId: string, userId: string): Promise<UserReport> {
    checkTenant(tenantId);
    if (!isUserId(userId)) throw invalidPayload("userId", "a user id");
    const { presence, revocations, directory } = this.#services;
    const [page, revokedAt, { answers, unreachable }] = await Promise.all([
      presence.members(sessionsOf(tenantId), { userId, limit: MOST }),
      revocations.revokedAt(tenantId, userId),
      this.askAll({ kind: "incidents", tenantId, userId }),
    ]);
    return {
      userId,
      connections: page.entries.map((record) => connectionInfo(record, tenantId, directory)),
      revokedAt: revokedAt ?? null,
      incidents: answers
        .flatMap(({ value }) => value)
        .sort((a, b) => b.at - a.at)
        .slice(0, MOST),
      unreachable,
    };
  }

  /** What is known of a channel, whether anybody follows it or not. */
  async channel(tenantId: string, channel: string): Promise<ChannelDetails> {
    checkTenant(tenantId);
    const name = checkChannelName(channel, "channel");
    const { presence, publisher, policy } = this.#services;
    const address = { tenantId, name };
    const [{ entries }, log] = await Promise.all([
      presence.channels(tenantId, { name, limit: 1 }),
      publisher.history(address, { limit: 0 }),
    ]);
    const { memberCount = 0, subscriberCount = 0 } = entries[0] ?? {};
    return { name, memberCount, subscriberCount, position: log?.position ?? null, rule: matchOf(policy, address) };
  }

  /** The rules in the order in which they are asked, built-in names first. */
  rules(): readonly RuleMatch[] {
    return matchesOf(this.#services.policy);
  }

  /**
   * Which rule a channel has, and what it says to somebody: to a connection, which its node is asked about, to a user or to a
   * visitor; null where nobody is named. Rejects like `connection`.
   */
  async test(
    tenantId: string,
    question: RuleQuestion,
  ): Promise<{ readonly rule: RuleMatch; readonly decisions: Decisions | null }> {
    checkTenant(tenantId);
    const name = checkChannelName(question.channel, "channel");
    const address = { tenantId, name };
    const rule = matchOf(this.#services.policy, address);
    const { socketId } = question;
    if (socketId !== undefined) {
      const nodeId = await this.#nodeOf(tenantId, socketId);
      const asked = { kind: "rights", tenantId, socketId, channel: name } as const;
      return { rule, decisions: (await this.#inquiries.one(nodeId, asked)) ?? notFound() };
    }
    const principal = supposed(tenantId, question);
    if (principal === undefined) return { rule, decisions: null };
    return { rule, decisions: await decisionsFor(this.#services, principal, address) };
  }

  /** Takes what another node asks or answers. For the gateway. */
  receive(signal: Signal & { type: "ask" | "answer" }): void {
    this.#inquiries.receive(signal);
  }

  /** Tells the others that this node is there. For the gateway. */
  async enter(): Promise<void> {
    if (this.#closed) return;
    this.#entered = true;
    try {
      await this.#registry.enter();
    } catch (error) {
      // A store that is away has it when it is back.
      this.#services.observer.failed?.("presence", error);
    }
  }

  /** The node goes. For the gateway. */
  async leave(): Promise<void> {
    this.#closed = true;
    this.#inquiries.close();
    // Where the node could not start, there is nothing to take away, and perhaps no store.
    if (!this.#entered) return;
    try {
      await this.#registry.leave();
    } catch (error) {
      this.#services.observer.failed?.("presence", error);
    }
  }

  async #nodeOf(tenantId: string, socketId: string): Promise<string> {
    checkTenant(tenantId);
    const [found] = typeof socketId === "string" ? await this.#services.messenger.find(tenantId, { socketId }) : [];
    return found === undefined ? notFound() : found.nodeId;
  }

  async #rights(question: {
    readonly tenantId: string;
    readonly socketId: string;
    readonly channel: string;
  }): Promise<Decisions | null> {
    const { tenantId, socketId, channel: name } = question;
    const session = this.#services.directory.find(tenantId, socketId);
    if (session === undefined) return null;
    const address = { tenantId, name };
    return await decisionsFor(this.#services, session.principal, address, standing(session, address));
  }
}

/** Somebody who is not there, as the rules would see them: without grants. */
function supposed(tenantId: string, question: RuleQuestion): Principal | undefined {
  const { userId, roles, anonymous = false } = question;
  const grants = {};
  if (anonymous) {
    if (userId !== undefined) throw invalidPayload("userId", "absent for a visitor");
    return { userId: null, tenantId, roles: [], grants, anonymous };
  }
  if (userId === undefined) {
    if (roles !== undefined) throw invalidPayload("userId", "there where roles are");
    return undefined;
  }
  if (!isUserId(userId)) throw invalidPayload("userId", "a user id");
  return { userId, tenantId, roles: roles ?? ["client"], grants, anonymous };
}

function notFound(): never {
  throw new GatewayError("NOT_FOUND", "There is no such connection");
}

function checkTenant(tenantId: string): void {
  if (!isTenantId(tenantId)) throw invalidPayload("tenantId", "1 to 128 of A-Z, a-z, 0-9, ., _ and -");
}

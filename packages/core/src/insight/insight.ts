import type { Signal } from "../broker.ts";
import { messageId } from "../commands.ts";
import type { Services } from "../services.ts";
import { Inquiries } from "./inquiries.ts";
import { NodeRegistry, type NodeAbout, type NodeInfo } from "./node-registry.ts";
import type { Answerer, AnswerTo, Question, QuestionKind } from "./questions.ts";

/** What all nodes answered, and those that did not. */
export interface Answers<Asked extends Question> {
  readonly answers: readonly { readonly nodeId: string; readonly value: AnswerTo<Asked> }[];
  readonly unreachable: readonly string[];
}

/** What operators want to know of the whole cluster. Every method rejects with a `GatewayError` of the table. */
export class Insight {
  readonly #services: Services;
  readonly #registry: NodeRegistry;
  readonly #inquiries: Inquiries;
  #closed = false;

  /** Made by the gateway. */
  constructor(services: Services, about: NodeAbout = {}) {
    this.#services = services;
    const startedAt = services.clock.now();
    this.#registry = new NodeRegistry({ ...services, run: messageId(), startedAt, about });
    this.#inquiries = new Inquiries(services);
  }

  /** This node, which is known whatever is away. */
  get own(): NodeInfo {
    return this.#registry.own;
  }

  /** The nodes that are there, by name; this one always is. `UNAVAILABLE` while the store is away. */
  async nodes(): Promise<readonly NodeInfo[]> {
    return await this.#registry.list();
  }

  /**
   * Asks one node: rejects with what went wrong there, and with `UNAVAILABLE` where no answer comes within two seconds. Or
   * asks all: the answers that came, and the names of the nodes that gave none.
   */
  async ask<Asked extends Question>(to: "all", question: Asked): Promise<Answers<Asked>>;
  async ask<Asked extends Question>(to: string, question: Asked): Promise<AnswerTo<Asked>>;
  async ask<Asked extends Question>(to: string, question: Asked): Promise<Answers<Asked> | AnswerTo<Asked>> {
    if (to !== "all") return await this.#inquiries.one(to, question);
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

  /** Takes what another node asks or answers. For the gateway. */
  receive(signal: Signal & { type: "ask" | "answer" }): void {
    this.#inquiries.receive(signal);
  }

  /** Tells the others that this node is there. For the gateway. */
  async enter(): Promise<void> {
    if (this.#closed) return;
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
    try {
      await this.#registry.leave();
    } catch (error) {
      this.#services.observer.failed?.("presence", error);
    }
  }
}

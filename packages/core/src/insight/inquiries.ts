import { ERROR_TABLE, GatewayError, utf8Length, type WireError } from "@roomcast/protocol";
import type { Broker, Signal } from "../broker.ts";
import type { Clock } from "../clock.ts";
import { messageId } from "../commands.ts";
import type { Deadlines } from "../deadlines.ts";
import type { Observer } from "../observer.ts";
import { ALL_NODES, nodeAddress } from "../services.ts";
import type { Answerer, AnswerTo, Question, QuestionKind } from "./questions.ts";

/** How long a node has for its answer. */
const ANSWER_MS = 2000;
/** The most that an answer may be, as JSON in UTF-8. */
const ANSWER_BYTES = 1024 * 1024;

type Ask = Signal & { type: "ask" };
type Answer = Signal & { type: "answer" };

/** An answer, or what went wrong. */
type Outcome = { readonly value: unknown } | { readonly error: GatewayError };

/** A question that is under way. */
interface Asked {
  /** Who has not answered yet. */
  readonly open: Set<string>;
  readonly answered: (nodeId: string, outcome: Outcome) => void;
  /** Nobody else is waited for. */
  readonly over: () => void;
}

/**
 * Questions from node to node, over the broker. An answer counts where it is to a question that is under way and comes from
 * a node that was asked; all others are let go.
 */
export class Inquiries {
  readonly #nodeId: string;
  readonly #broker: Broker;
  readonly #clock: Clock;
  readonly #deadlines: Deadlines;
  readonly #observer: Observer;
  readonly #answerers = new Map<string, (question: Question) => unknown>();
  readonly #asked = new Map<string, Asked>();
  #closed = false;

  constructor(options: { nodeId: string; broker: Broker; clock: Clock; deadlines: Deadlines; observer: Observer }) {
    this.#nodeId = options.nodeId;
    this.#broker = options.broker;
    this.#clock = options.clock;
    this.#deadlines = options.deadlines;
    this.#observer = options.observer;
  }

  /** Has questions of a kind answered on this node. One answerer a kind. */
  answer<Kind extends QuestionKind>(kind: Kind, answerer: Answerer<Kind>): void {
    // Questions are looked up by the kind that they have, so that each reaches the answerer of its own.
    this.#answerers.set(kind, answerer as (question: Question) => unknown);
  }

  /** Asks one node. Rejects with what its answerer threw, and with `UNAVAILABLE` where it does not answer within two seconds. */
  async one<Asking extends Question>(nodeId: string, question: Asking): Promise<AnswerTo<Asking>> {
    if (nodeId === this.#nodeId) return (await this.#answer(question)) as AnswerTo<Asking>;
    let outcome: Outcome | undefined;
    await this.#ask([nodeId], question, (_, answer) => (outcome = answer));
    if (outcome === undefined) throw new GatewayError("UNAVAILABLE", "The node does not answer");
    if ("error" in outcome) throw outcome.error;
    return outcome.value as AnswerTo<Asking>;
  }

  /** Asks these nodes at once: their answers, and those from which none came within two seconds. */
  async many<Asking extends Question>(
    nodeIds: readonly string[],
    question: Asking,
  ): Promise<{
    readonly answers: readonly { readonly nodeId: string; readonly value: AnswerTo<Asking> }[];
    readonly unreachable: readonly string[];
  }> {
    const outcomes = new Map<string, Outcome>();
    const others = nodeIds.filter((nodeId) => nodeId !== this.#nodeId);
    const own = nodeIds.includes(this.#nodeId) ? this.#outcome(question) : undefined;
    if (others.length > 0) await this.#ask(others, question, (nodeId, outcome) => outcomes.set(nodeId, outcome));
    if (own !== undefined) outcomes.set(this.#nodeId, await own);
    const answers: { readonly nodeId: string; readonly value: AnswerTo<Asking> }[] = [];
    const unreachable: string[] = [];
    for (const nodeId of nodeIds) {
      const outcome = outcomes.get(nodeId);
      if (outcome !== undefined && "value" in outcome) {
        answers.push({ nodeId, value: outcome.value as AnswerTo<Asking> });
        continue;
      }
      unreachable.push(nodeId);
      if (outcome !== undefined) this.#observer.failed?.("answer", outcome.error);
    }
    return { answers, unreachable };
  }

  /** Takes what another node asks or answers. */
  receive(signal: Ask | Answer): void {
    if (this.#closed || signal.from === this.#nodeId) return;
    if (signal.type === "ask") {
      this.#reply(signal).catch((error: unknown) => this.#observer.failed?.("answer", error));
      return;
    }
    const asked = this.#asked.get(signal.id);
    if (asked?.open.delete(signal.from) !== true) return;
    asked.answered(signal.from, signal.error === undefined ? { value: signal.value } : { error: read(signal.error) });
    if (asked.open.size === 0) asked.over();
  }

  /** Asks and answers nothing from now on; who still waits has what has come. */
  close(): void {
    this.#closed = true;
    for (const { over } of this.#asked.values()) over();
  }

  /** Resolves when all have answered, or had the time for it. */
  async #ask(nodeIds: readonly string[], question: Question, answered: Asked["answered"]): Promise<void> {
    if (this.#closed) throw new GatewayError("SHUTTING_DOWN", "The server is shutting down");
    const id = messageId();
    const [first] = nodeIds;
    const address = nodeIds.length === 1 && first !== undefined ? nodeAddress(first) : ALL_NODES;
    await new Promise<void>((resolve, reject) => {
      const settle = (end: () => void): void => {
        this.#deadlines.cancel(deadline);
        this.#asked.delete(id);
        end();
      };
      const over = (): void => settle(resolve);
      const deadline = this.#deadlines.schedule(this.#clock.now() + ANSWER_MS, over);
      this.#asked.set(id, { open: new Set(nodeIds), answered, over });
      this.#broker
        .signal(address, { type: "ask", id, from: this.#nodeId, question })
        .catch((error: unknown) => settle(() => reject(error)));
    });
  }

  async #reply({ id, from, question }: Ask): Promise<void> {
    const outcome = await this.#outcome(question);
    if (this.#closed) return;
    const head = { type: "answer", id, from: this.#nodeId } as const;
    const answer: Answer = "value" in outcome ? { ...head, value: outcome.value } : { ...head, error: told(outcome) };
    await this.#broker.signal(nodeAddress(from), answer);
  }

  async #outcome(question: Question): Promise<Outcome> {
    try {
      const value = (await this.#answer(question)) ?? null;
      if (utf8Length(JSON.stringify(value)) <= ANSWER_BYTES) return { value };
      return { error: new GatewayError("TOO_LARGE", "The answer is too large", { details: { limit: ANSWER_BYTES } }) };
    } catch (thrown) {
      const error = GatewayError.from(thrown);
      if (error.code === "INTERNAL") this.#observer.failed?.("answer", thrown);
      return { error };
    }
  }

  async #answer(question: Question): Promise<unknown> {
    const answerer = this.#answerers.get(question.kind);
    if (answerer === undefined) throw new GatewayError("UNAVAILABLE", "The node does not know the question");
    return await answerer(question);
  }
}

function told({ error }: { readonly error: GatewayError }): WireError {
  return error.toWire();
}

/** An error as the other node had it. */
function read({ code, message, details }: WireError): GatewayError {
  if (!Object.hasOwn(ERROR_TABLE, code)) return new GatewayError("INTERNAL", "Something went wrong on the server");
  return new GatewayError(code, message, details === undefined ? {} : { details });
}

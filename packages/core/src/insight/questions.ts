import type { NodeState } from "../stats/answers.ts";
import type { NodeSample, TenantSample } from "../stats/samples.ts";
import type { ConnectionDetails } from "./connection-details.ts";
import type { Decisions } from "./decisions.ts";
import type { Incident } from "./incident.ts";

/**
 * What nodes ask each other, by kind. Questions and answers are JSON; a node of another version may not know a kind, and
 * answers `UNAVAILABLE`.
 */
export interface QuestionKinds {
  /** What a node remembers of a user, newest first. */
  readonly incidents: {
    readonly question: { readonly tenantId: string; readonly userId: string };
    readonly answer: readonly Incident[];
  };
  /** How a node is, and how its broker. */
  readonly node: { readonly question: Record<never, never>; readonly answer: NodeState };
  /** What a node did in the last `seconds`, and what a tenant did there, oldest first. */
  readonly nodeStats: { readonly question: { readonly seconds: number }; readonly answer: readonly NodeSample[] };
  readonly tenantStats: {
    readonly question: { readonly tenantId: string; readonly seconds: number };
    readonly answer: readonly TenantSample[];
  };
  /** A session of the asked node; null where it is not there. */
  readonly connection: {
    readonly question: { readonly tenantId: string; readonly socketId: string };
    readonly answer: ConnectionDetails | null;
  };
  /** What a session of the asked node may do on a channel; null where it is not there. */
  readonly rights: {
    readonly question: { readonly tenantId: string; readonly socketId: string; readonly channel: string };
    readonly answer: Decisions | null;
  };
}

export type QuestionKind = keyof QuestionKinds;

/** A question to a node: its kind, and what that asks about. */
export type Question = {
  readonly [Kind in QuestionKind]: { readonly kind: Kind } & QuestionKinds[Kind]["question"];
}[QuestionKind];

export type AnswerTo<Asked extends Question> = QuestionKinds[Asked["kind"]]["answer"];

/** Answers a question on this node. What it throws is told to the asker, as a `GatewayError` of the table. */
export type Answerer<Kind extends QuestionKind> = (
  question: QuestionKinds[Kind]["question"],
) => QuestionKinds[Kind]["answer"] | Promise<QuestionKinds[Kind]["answer"]>;

/** What the gateway did not take of a payload. */
export interface PayloadProblem {
  /** With dots between the names; empty for all of it. */
  readonly path: string;
  readonly problem: string;
}

import type { ContestResult } from "./contest.ts";

/** One command of the bench. */
export interface Bench {
  readonly name: string;
  /** What is measured, in a sentence or two: above its tables. */
  readonly about: string;
  /** By name: its default, and what it means. All are strings; `rounds`, `contenders` and `results` are everybody's. */
  readonly options: Readonly<Record<string, { readonly default: string; readonly about: string }>>;
  /** Measures, and calls `report` as each contest is over. Throws a plain `Error` for options that make no sense. */
  readonly run: (options: RunOptions) => Promise<void>;
}

export interface RunOptions {
  readonly rounds: number;
  /** The contenders that take part, for `hold`; all unless told. */
  readonly only: readonly string[] | undefined;
  /** By name, given or default. */
  readonly values: Readonly<Record<string, string>>;
  readonly report: (result: ContestResult) => void;
}

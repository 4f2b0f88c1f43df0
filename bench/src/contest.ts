import { progress } from "./progress.ts";

/** One thing that is measured of a contender. */
export interface Measure {
  readonly key: string;
  /** For a column: what, and its unit. */
  readonly title: string;
  /** What is better; "less" unless told. */
  readonly better?: "less" | "more";
  /** Digits after the point; 2 unless told. */
  readonly digits?: number;
  /** Whether a ratio to the baseline says something. True unless told. */
  readonly compared?: boolean;
}

export interface Contender {
  readonly name: string;
  readonly title: string;
  /** Why it cannot be measured here, and what to do about it. */
  readonly missing?: string | undefined;
}

export interface ContestOptions<Name extends Contender> {
  /** What is done, for a heading: "1,000 readers, 10 events a tick". */
  readonly title: string;
  /** The parameters behind the title, for whoever reads the JSON. */
  readonly parameters: Readonly<Record<string, number | string>>;
  readonly measures: readonly Measure[];
  readonly contenders: readonly Name[];
  /** The contender that others are compared with. */
  readonly baseline: string;
  readonly rounds: number;
  /** Names of the contenders that take part; all unless told. */
  readonly only?: readonly string[] | undefined;
  /** Measures one contender once: a value for each key. Rejects where what it did was wrong: then nobody wins. */
  readonly measure: (contender: Name, label: string) => Promise<Readonly<Record<string, number>>>;
}

export interface ContestResult {
  readonly title: string;
  readonly parameters: Readonly<Record<string, number | string>>;
  readonly baseline: string;
  readonly measures: readonly Measure[];
  readonly results: readonly ContenderResult[];
}

export interface ContenderResult {
  readonly name: string;
  readonly title: string;
  readonly missing?: string;
  /** By key of the measure: a value for each round. */
  readonly values: Readonly<Record<string, readonly number[]>>;
}

/**
 * Has the contenders take turns, round after round, so that whatever else the machine does hits all of them.
 * Rejects with a plain `Error` for a name in `only` that nobody has.
 */
export async function hold<Name extends Contender>(options: ContestOptions<Name>): Promise<ContestResult> {
  const { title, parameters, measures, baseline, rounds, measure } = options;
  const contenders = chosen(options.contenders, options.only);
  const values = new Map<string, Record<string, number>[]>(contenders.map(({ name }) => [name, []]));
  const present = contenders.filter(({ missing }) => missing === undefined);
  for (let round = 1; round <= rounds; round++) {
    for (const contender of present) {
      const label = `${title}: round ${round}/${rounds}, ${contender.title}`;
      progress(label);
      values.get(contender.name)?.push({ ...(await measure(contender, label)) });
    }
  }
  progress("");
  const results = contenders.map(({ name, title: called, missing }): ContenderResult => {
    const rows = values.get(name) ?? [];
    const byKey = measures.map(({ key }) => [key, rows.map((one) => one[key] ?? Number.NaN)] as const);
    return {
      name,
      title: called,
      ...(missing === undefined ? undefined : { missing }),
      values: Object.fromEntries(byKey),
    };
  });
  return { title, parameters, baseline, measures, results };
}

function chosen<Name extends Contender>(
  all: readonly Name[],
  only: readonly string[] = all.map(({ name }) => name),
): readonly Name[] {
  const unknown = only.find((wanted) => !all.some(({ name }) => name === wanted));
  if (unknown !== undefined)
    throw new Error(`There is no contender ${unknown} here; there are ${all.map(({ name }) => name).join(", ")}`);
  return all.filter(({ name }) => only.includes(name));
}

/** The median of some values, and the least and the most of them. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** Throws where there are no values. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  if (sorted.length === 0) throw new Error("Nothing was measured");
  const middle = sorted.length >> 1;
  const median =
    sorted.length % 2 === 1 ? sorted[middle] : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
  return { median: median as number, least: sorted[0] as number, most: sorted.at(-1) as number };
}

/** A contender's values divided by the baseline's of the same round; empty where one of them was not measured. */
export function ratios(result: ContestResult, name: string, key: string): readonly number[] {
  const of = (wanted: string) => result.results.find((one) => one.name === wanted)?.values[key] ?? [];
  const base = of(result.baseline);
  return of(name).flatMap((value, round) => (base[round] === undefined ? [] : [value / base[round]]));
}

/** The value at or below which this share of sorted values lies. */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? Number.NaN;
}

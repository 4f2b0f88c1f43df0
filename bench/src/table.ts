import { ratios, spreadOf, type ContestResult, type Measure } from "./contest.ts";

/** A contest as a table: a line for each contender, the ratio to the baseline beside each measure. */
export function table(result: ContestResult): string {
  const { title, baseline, measures, results } = result;
  const base = results.find(({ name }) => name === baseline);
  const compares = (measure: Measure): boolean =>
    measure.compared !== false && results.length > 1 && base !== undefined;
  const head = measures.flatMap((measure) => [
    measure.title,
    ...(compares(measure) ? [`ratio to ${base?.title ?? baseline}`] : []),
  ]);
  const lines = results.map(({ name, title: called, missing, values }) => {
    if (missing !== undefined) return [called, `skipped: ${missing}`];
    return [
      called,
      ...measures.flatMap((measure) => {
        const digits = measure.digits ?? 2;
        const cells = [spread(values[measure.key] ?? [], digits)];
        if (compares(measure)) cells.push(name === baseline ? "1" : spread(ratios(result, name, measure.key), 2));
        return cells;
      }),
    ];
  });
  const rows = [["", ...head], ...lines];
  const widths = ["", ...head].map((_, at) =>
    Math.max(...rows.filter((row) => row.length > 2 || at === 0).map((row) => row[at]?.length ?? 0)),
  );
  const text = rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  return `${title}\n${text.join("\n")}\n`;
}

/** The median, with the least and the most. */
function spread(values: readonly number[], digits: number): string {
  if (values.length === 0) return "-";
  const { median, least, most } = spreadOf(values);
  const show = (value: number): string => (Number.isFinite(value) ? value.toFixed(digits) : "-");
  return values.length === 1 ? show(median) : `${show(median)} (${show(least)} to ${show(most)})`;
}

import { ratios, spreadOf, type ContenderResult, type ContestResult, type Measure, type Spread } from "./contest.ts";

export interface ChartOptions {
  readonly name: string;
  /** Below the name. */
  readonly about: string;
  readonly contests: readonly ContestResult[];
}

/** Ours, alone or in several ways, are told apart from the others, and each is the same in all contests. */
const OURS = ["#2563eb", "#60a5fa", "#93c5fd"];
const OTHERS = ["#94a3b8", "#d6a65c", "#7fae8b", "#b48ead", "#c98276", "#88b0c4"];
const DARK = "#0f172a";
const GREY = "#64748b";

const WIDTH = 880;
const MARGIN = 28;
/** Where bars begin, and how much is kept free for the figures after them. */
const BARS = 220;
const FIGURES = 150;
const BAR = 18;
const STEP = 27;
/** Characters of the text below the name in a line. */
const LINE = 125;

/**
 * The first measure of each contest as bars, each contest on a scale of its own: medians, and lines from the least to the
 * most. An SVG of its own, on white.
 */
export function chart({ name, about, contests }: ChartOptions): string {
  const colours = coloursOf(contests);
  const parts: string[] = [text(MARGIN, 42, name, { size: 22, weight: 700 })];
  let y = 64;
  for (const line of wrapped(about)) {
    parts.push(text(MARGIN, y, line, { fill: GREY }));
    y += 17;
  }
  for (const contest of contests) {
    const [measure] = contest.measures;
    if (measure === undefined) continue;
    y += 22;
    parts.push(
      `<path d="M${MARGIN} ${y - 10}H${WIDTH - MARGIN}" stroke="#e2e8f0"/>`,
      text(MARGIN, y + 14, contest.title, { size: 14, weight: 600 }),
      text(MARGIN, y + 32, legend(contest, measure), { fill: GREY }),
    );
    y += 46;
    parts.push(bars(contest, measure, y, colours));
    y += STEP * contest.results.length;
  }
  const height = y + 22;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}"`,
    ` font-family="system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif" font-size="12">`,
    `<rect width="100%" height="100%" fill="#fff"/>${parts.join("")}</svg>\n`,
  ].join("");
}

function bars(contest: ContestResult, measure: Measure, top: number, colours: ReadonlyMap<string, string>): string {
  const measured = contest.results.map((result) => ({ result, spread: measuredSpread(result, measure) }));
  const most = Math.max(0, ...measured.map(({ spread }) => spread?.most ?? 0));
  const x = (value: number): number =>
    BARS + (most <= 0 ? 0 : Math.max(0, value / most) * (WIDTH - MARGIN - FIGURES - BARS));
  return measured
    .map(({ result, spread }, at) => {
      const y = top + at * STEP;
      const line = y + BAR / 2 + 4;
      const label = text(BARS - 12, line, result.title, { anchor: "end", weight: isOurs(result) ? 600 : 400 });
      if (spread === undefined) return `${label}${text(BARS, line, without(result), { fill: GREY })}`;
      const { median, least, most: highest } = spread;
      const figure = median.toLocaleString("en-US", digits(measure));
      return [
        label,
        `<rect x="${BARS}" y="${y}" width="${Math.max(1, x(median) - BARS).toFixed(1)}" height="${BAR}" rx="3" fill="${colours.get(result.name)}"/>`,
        whisker(x(least), x(highest), y + BAR / 2),
        `<text x="${(x(highest) + 10).toFixed(1)}" y="${line}" fill="${DARK}"><tspan font-weight="600">${figure}</tspan>`,
        `<tspan dx="8" fill="${GREY}">${ratio(contest, measure, result)}</tspan></text>`,
      ].join("");
    })
    .join("");
}

function isOurs({ title }: ContenderResult): boolean {
  return title.startsWith("Roomcast");
}

/** By name of the contender. */
function coloursOf(contests: readonly ContestResult[]): ReadonlyMap<string, string> {
  const all = contests.flatMap(({ results }) => results);
  const of = (results: readonly ContenderResult[], colours: readonly string[]) =>
    [...new Set(results.map(({ name }) => name))].map(
      (name, at) => [name, colours[at % colours.length] as string] as const,
    );
  return new Map([
    ...of(
      all.filter((one) => !isOurs(one)),
      OTHERS,
    ),
    ...of(all.filter(isOurs), OURS),
  ]);
}

function legend({ baseline, results }: ContestResult, measure: Measure): string {
  const base = results.find(({ name }) => name === baseline);
  const better = `${measure.title} (${measure.better ?? "less"} is better)`;
  return measure.compared === false || base === undefined ? better : `${better}, and × ratio to ${base.title}`;
}

/** From the least to the most; nothing where they are as good as one. */
function whisker(from: number, to: number, y: number): string {
  if (to - from < 1) return "";
  const [left, right] = [from.toFixed(1), to.toFixed(1)];
  const caps = `M${left} ${y - 4}v8M${right} ${y - 4}v8`;
  return `<path d="M${left} ${y}H${right}${caps}" stroke="${DARK}" stroke-width="1.2" opacity="0.65"/>`;
}

function measuredSpread({ values }: ContenderResult, { key }: Measure): Spread | undefined {
  const finite = (values[key] ?? []).filter(Number.isFinite);
  return finite.length === 0 ? undefined : spreadOf(finite);
}

function without({ missing }: ContenderResult): string {
  return missing === undefined ? "not measured" : `skipped: ${missing}`;
}

function ratio(contest: ContestResult, measure: Measure, { name }: ContenderResult): string {
  if (measure.compared === false || name === contest.baseline) return "";
  const all = ratios(contest, name, measure.key).filter(Number.isFinite);
  return all.length === 0 ? "" : `× ${spreadOf(all).median.toFixed(2)}`;
}

function digits({ digits: count = 2 }: Measure): Intl.NumberFormatOptions {
  return { minimumFractionDigits: count, maximumFractionDigits: count };
}

function wrapped(content: string): readonly string[] {
  return content.split(" ").reduce<string[]>((lines, word) => {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < LINE) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
    return lines;
  }, []);
}

interface TextStyle {
  readonly size?: number;
  readonly weight?: number;
  readonly anchor?: "start" | "end";
  readonly fill?: string;
}

function text(x: number, y: number, content: string, style: TextStyle = {}): string {
  const { size = 12, weight = 400, anchor = "start", fill = DARK } = style;
  const escaped = content.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text x="${x}" y="${y}" font-size="${size}" font-weight="${weight}" text-anchor="${anchor}" fill="${fill}">${escaped}</text>`;
}

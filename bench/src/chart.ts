import { spreadOf, type ContestResult } from "./contest.ts";

const COLOURS = ["#2563eb", "#9ca3af", "#f59e0b", "#10b981", "#ef4444", "#8b5cf6", "#06b6d4"];
const BAR = 18;
const GROUP_GAP = 34;
const LEFT = 170;
const WIDTH = 900;

/** The first measure of each contest as bars, each contest on a scale of its own, with whiskers from least to most. */
export function chart(name: string, contests: readonly ContestResult[]): string {
  const colours = new Map<string, string>();
  const parts: string[] = [];
  let y = 44;
  for (const { title, measures, results } of contests) {
    const [measure] = measures;
    if (measure === undefined) continue;
    const measured = results.flatMap(({ name: contender, title: called, values }) => {
      const finite = (values[measure.key] ?? []).filter(Number.isFinite);
      return finite.length === 0 ? [] : [{ contender, called, spread: spreadOf(finite) }];
    });
    const most = Math.max(...measured.map(({ spread }) => spread.most));
    const x = (value: number): number => (most === 0 ? 0 : (value / most) * (WIDTH - LEFT - 110));
    parts.push(text(12, y, `${title}: ${measure.title}`, "bold"));
    y += 12;
    for (const { contender, called, spread } of measured) {
      const colour = colours.get(contender) ?? (COLOURS[colours.size % COLOURS.length] as string);
      colours.set(contender, colour);
      const middle = y + BAR / 2;
      parts.push(text(LEFT - 8, middle + 4, called, "normal", "end"));
      parts.push(
        `<rect x="${LEFT}" y="${y}" width="${x(spread.median).toFixed(1)}" height="${BAR - 4}" fill="${colour}"/>`,
        `<path d="M${(LEFT + x(spread.least)).toFixed(1)} ${middle - 2}H${(LEFT + x(spread.most)).toFixed(1)}" stroke="#111827"/>`,
        text(LEFT + x(spread.most) + 8, middle + 3, spread.median.toFixed(measure.digits ?? 2)),
      );
      y += BAR;
    }
    y += GROUP_GAP;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${y}" font-family="system-ui, sans-serif" font-size="12"><rect width="100%" height="100%" fill="#fff"/>${text(12, 20, name, "bold")}${parts.join("")}</svg>\n`;
}

function text(x: number, y: number, content: string, weight = "normal", anchor = "start"): string {
  const escaped = content.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" font-weight="${weight}" text-anchor="${anchor}">${escaped}</text>`;
}

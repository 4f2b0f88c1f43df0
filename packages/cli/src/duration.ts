const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** Seconds of a duration such as `90s`, `15m`, `1h` or `7d`; undefined for anything else, zero included. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,9})([smhd])$/.exec(text);
  const unit = UNITS[match?.[2] ?? ""];
  if (unit === undefined) return undefined;
  const seconds = Number(match?.[1]) * unit;
  return seconds > 0 ? seconds : undefined;
}

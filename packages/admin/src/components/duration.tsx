import { useLocale } from "./use-locale.ts";

const UNITS = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
] as const;

/** A length of time in its largest unit, in the reader's language: "3 hours". */
export function Duration({ milliseconds }: { readonly milliseconds: number }) {
  const locale = useLocale();
  const seconds = Math.max(Math.floor(milliseconds / 1000), 0);
  const [unit, length] = UNITS.find(([, one]) => seconds >= one) ?? UNITS[3];
  const format = new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "long" });
  return <>{format.format(Math.floor(seconds / length))}</>;
}

import { useMemo } from "react";
import { useLocale } from "./use-locale.ts";

export interface Numbers {
  readonly count: (value: number) => string;
  /** With three digits that mean something. */
  readonly rate: (value: number) => string;
  readonly bytes: (value: number) => string;
  readonly milliseconds: (value: number) => string;
  readonly percent: (value: number) => string;
}

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;

/** Writes numbers as the reader's language does. */
export function useNumbers(): Numbers {
  const locale = useLocale();
  return useMemo(() => {
    const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
    const three = new Intl.NumberFormat(locale, { maximumSignificantDigits: 3 });
    const percent = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 1 });
    const time = new Intl.NumberFormat(locale, { style: "unit", unit: "millisecond", maximumSignificantDigits: 3 });
    return {
      count: (value) => whole.format(value),
      rate: (value) => (Math.abs(value) >= 1000 ? whole.format(value) : three.format(value)),
      percent: (value) => percent.format(value),
      milliseconds: (value) => time.format(value),
      bytes(value) {
        const power = Math.min(Math.floor(Math.log2(Math.max(value, 1)) / 10), UNITS.length - 1);
        const unit = UNITS[power] ?? "byte";
        const format = new Intl.NumberFormat(locale, {
          style: "unit",
          unit,
          // "0 byte" is no word.
          unitDisplay: power === 0 ? "long" : "short",
          maximumSignificantDigits: 3,
        });
        return format.format(value / 1024 ** power);
      },
    };
  }, [locale]);
}

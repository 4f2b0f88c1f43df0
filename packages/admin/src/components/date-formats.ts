import { createContext, useContext } from "react";

const MINUTES = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
const KINDS = {
  full: { dateStyle: "short", timeStyle: "medium" },
  minutes: MINUTES,
  milliseconds: { ...MINUTES, second: "2-digit", fractionalSecondDigits: 3 },
  day: { day: "2-digit", month: "2-digit" },
  dayAndMinutes: { dateStyle: "short", timeStyle: "short" },
} satisfies Record<string, Intl.DateTimeFormatOptions>;

export type DateKind = keyof typeof KINDS;

/** How times are written. Each way is made once: that takes longer than a row of a table may while it scrolls. */
export class DateFormats {
  readonly #made = new Map<string, Intl.DateTimeFormat>();

  get(locale: string, kind: DateKind): Intl.DateTimeFormat {
    const key = `${kind} ${locale}`;
    const made = this.#made.get(key) ?? new Intl.DateTimeFormat(locale, KINDS[kind]);
    this.#made.set(key, made);
    return made;
  }
}

export const DateFormatsContext = createContext<DateFormats | undefined>(undefined);

export function useDateFormats(): DateFormats {
  const formats = useContext(DateFormatsContext);
  if (formats === undefined) throw new Error("There are no formats of times");
  return formats;
}

import { useMemo } from "react";
import { useLocale } from "./use-locale.ts";

const DAY = 86_400_000;

export interface MomentProps {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Minutes, or the day alone, where there is little room. */
  readonly short?: boolean;
}

/** A moment to the millisecond; without its day where that was within the last 24 hours. */
export function Moment({ at, short = false }: MomentProps) {
  const locale = useLocale();
  const formats = useMemo(() => {
    const minutes = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
    return short
      ? {
          recent: new Intl.DateTimeFormat(locale, minutes),
          old: new Intl.DateTimeFormat(locale, { day: "2-digit", month: "2-digit" }),
        }
      : {
          recent: new Intl.DateTimeFormat(locale, { ...minutes, second: "2-digit", fractionalSecondDigits: 3 }),
          old: new Intl.DateTimeFormat(locale, { dateStyle: "short", timeStyle: "short" }),
        };
  }, [locale, short]);
  const date = new Date(at);
  const iso = date.toISOString();
  const recent = Math.abs(Date.now() - at) < DAY;
  return (
    <time dateTime={iso} title={iso}>
      {(recent ? formats.recent : formats.old).format(date)}
    </time>
  );
}

import { useMemo } from "react";
import { useTranslation } from "react-i18next";

const DAY = 86_400_000;

/** A moment to the millisecond, in milliseconds since 1970; without its day where that was within the last 24 hours. */
export function Moment({ at }: { readonly at: number }) {
  const { language } = useTranslation().i18n;
  const formats = useMemo(
    () => ({
      recent: new Intl.DateTimeFormat(language, {
        hour: "2-digit",
        minute: "2-digit",
        second: "2-digit",
        fractionalSecondDigits: 3,
        hourCycle: "h23",
      }),
      old: new Intl.DateTimeFormat(language, { dateStyle: "short", timeStyle: "short" }),
    }),
    [language],
  );
  const date = new Date(at);
  const iso = date.toISOString();
  const recent = Math.abs(Date.now() - at) < DAY;
  return (
    <time dateTime={iso} title={iso}>
      {(recent ? formats.recent : formats.old).format(date)}
    </time>
  );
}

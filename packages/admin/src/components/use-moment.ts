import { useCallback } from "react";
import { useTranslation } from "react-i18next";

/** Writes a moment, in milliseconds since 1970, as text within a sentence; the day is left out where it is today. */
export function useMoment(): (at: number) => string {
  const { language } = useTranslation().i18n;
  return useCallback(
    (at) => {
      const date = new Date(at);
      const today = date.toDateString() === new Date().toDateString();
      const style = today
        ? { timeStyle: "medium" as const }
        : { dateStyle: "short" as const, timeStyle: "medium" as const };
      return new Intl.DateTimeFormat(language, style).format(date);
    },
    [language],
  );
}

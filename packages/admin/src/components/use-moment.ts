import { useCallback } from "react";
import { useTranslation } from "react-i18next";

/** Writes a moment, in milliseconds since 1970, as text within a sentence. */
export function useMoment(): (at: number) => string {
  const { language } = useTranslation().i18n;
  return useCallback(
    (at) => {
      return new Intl.DateTimeFormat(language, { dateStyle: "short", timeStyle: "medium" }).format(at);
    },
    [language],
  );
}

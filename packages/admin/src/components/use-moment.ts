import { useCallback } from "react";
import { useLocale } from "./use-locale.ts";

/** Writes a moment, in milliseconds since 1970, as text within a sentence. */
export function useMoment(): (at: number) => string {
  const locale = useLocale();
  return useCallback(
    (at) => {
      return new Intl.DateTimeFormat(locale, { dateStyle: "short", timeStyle: "medium" }).format(at);
    },
    [locale],
  );
}

import { useCallback } from "react";
import { useDateFormats } from "./date-formats.ts";
import { useLocale } from "./use-locale.ts";

/** Writes a moment, in milliseconds since 1970, as text within a sentence. */
export function useMoment(): (at: number) => string {
  const locale = useLocale();
  const formats = useDateFormats();
  return useCallback((at) => formats.get(locale, "full").format(at), [formats, locale]);
}

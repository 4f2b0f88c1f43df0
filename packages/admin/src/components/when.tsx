import { useLocale } from "./use-locale.ts";

/** A moment, in milliseconds since 1970, in the reader's own language and time. */
export function When({ at }: { readonly at: number }) {
  const locale = useLocale();
  const date = new Date(at);
  const text = new Intl.DateTimeFormat(locale, { dateStyle: "short", timeStyle: "medium" }).format(date);
  return (
    <time dateTime={date.toISOString()} title={date.toISOString()}>
      {text}
    </time>
  );
}

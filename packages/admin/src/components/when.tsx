import { useTranslation } from "react-i18next";

/** A moment, in milliseconds since 1970, in the reader's own language and time. */
export function When({ at }: { readonly at: number }) {
  const { i18n } = useTranslation();
  const date = new Date(at);
  const text = new Intl.DateTimeFormat(i18n.language, { dateStyle: "short", timeStyle: "medium" }).format(date);
  return (
    <time dateTime={date.toISOString()} title={date.toISOString()}>
      {text}
    </time>
  );
}

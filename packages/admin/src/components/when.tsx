import { useDateFormats } from "./date-formats.ts";
import { useLocale } from "./use-locale.ts";

/** A moment, in milliseconds since 1970, in the reader's own language and time. */
export function When({ at }: { readonly at: number }) {
  const format = useDateFormats().get(useLocale(), "full");
  const iso = new Date(at).toISOString();
  return (
    <time dateTime={iso} title={iso}>
      {format.format(at)}
    </time>
  );
}

import { useDateFormats } from "./date-formats.ts";
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
  const formats = useDateFormats();
  const iso = new Date(at).toISOString();
  const recent = Math.abs(Date.now() - at) < DAY;
  const kind = recent ? (short ? "minutes" : "milliseconds") : short ? "day" : "dayAndMinutes";
  return (
    <time dateTime={iso} title={iso}>
      {formats.get(locale, kind).format(at)}
    </time>
  );
}

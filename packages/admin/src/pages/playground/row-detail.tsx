import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { JsonView } from "../../components/json-view.tsx";
import { Plain } from "../../components/plain.tsx";
import type { LogRow } from "./log.ts";

export interface RowDetailProps {
  /** What the row is one of. */
  readonly label: string;
  readonly kind: "events" | "frames";
  readonly row: LogRow;
  readonly shown: (text: string) => string;
}

const MOST = 16_384;

/** All of one row: an event's arguments indented, a frame as it is on the wire. */
export function RowDetail({ label: of, kind, row, shown }: RowDetailProps) {
  const { t } = useTranslation("playground");
  const text = shown(row.text);
  const label = `${of}, ${t("log.detail", { id: row.id })}`;
  const value = useMemo(() => (kind === "events" ? parse(text) : undefined), [kind, text]);
  if (value !== undefined) return <JsonView value={value} label={label} />;
  return (
    <pre className="json" tabIndex={0} role="region" aria-label={label}>
      <Plain text={text} most={MOST} />
    </pre>
  );
}

/** What is not JSON (Socket.IO's own words) is undefined. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

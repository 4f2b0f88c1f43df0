import { useMemo } from "react";
import { writeJson } from "../json/write-json.ts";
import { Plain } from "./plain.tsx";

/** More than this is left out: laying it out would stop the page. */
const MOST_CHARACTERS = 262_144;
const MOST_LINES = 2000;
const MOST_OF_LINE = 16_384;

/** A JSON value to read, indented. */
export function JsonView({ value, label }: { readonly value: unknown; readonly label: string }) {
  const { lines, cut } = useMemo(() => {
    const written = writeJson(value, { most: MOST_CHARACTERS, lines: true });
    const all = written.text.split("\n");
    return { lines: all.slice(0, MOST_LINES), cut: written.cut || all.length > MOST_LINES };
  }, [value]);
  return (
    // Scrolls, so that the keyboard has to get there.
    <pre className="json" tabIndex={0} aria-label={label} role="region">
      {lines.map((line, index) => (
        <div key={index}>
          <Plain text={line} most={MOST_OF_LINE} />
        </div>
      ))}
      {cut ? <span className="hidden-mark">…</span> : null}
    </pre>
  );
}

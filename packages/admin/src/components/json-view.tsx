import { useMemo } from "react";
import { Plain } from "./plain.tsx";

/** Longer than this, a text is cut: laying it out would stop the page. */
const MOST = 16_384;

/** A JSON value to read, indented. */
export function JsonView({ value, label }: { readonly value: unknown; readonly label: string }) {
  const text = useMemo(() => JSON.stringify(value, undefined, 2) ?? "undefined", [value]);
  return (
    // Scrolls, so that the keyboard has to get there.
    <pre className="json" tabIndex={0} aria-label={label} role="region">
      {text.split("\n", 2000).map((line, index) => (
        <div key={index}>
          <Plain text={line} most={MOST} />
        </div>
      ))}
    </pre>
  );
}

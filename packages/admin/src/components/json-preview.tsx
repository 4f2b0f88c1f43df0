import { useMemo } from "react";
import { writeJson } from "../json/write-json.ts";
import { Plain } from "./plain.tsx";

const MOST = 160;

/** The beginning of a JSON value, for a cell of a table. */
export function JsonPreview({ value }: { readonly value: unknown }) {
  const { text, cut } = useMemo(() => writeJson(value, { most: MOST }), [value]);
  return <Plain text={cut ? `${text}…` : text} />;
}

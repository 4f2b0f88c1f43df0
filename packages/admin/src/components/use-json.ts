import { useDebouncedValue } from "@mantine/hooks";
import { useEffect, useMemo, useState } from "react";
import type { SchemaProblem } from "../json/check-schema.ts";
import { scanJson, type JsonProblem } from "../json/scan-json.ts";

export interface JsonFault {
  /** `deep`: it cannot be sent, having more levels than there is stack for. */
  readonly problem: JsonProblem | "deep";
  readonly offset: number;
}

export interface JsonText {
  /** Whether there is nothing but space: no payload. */
  readonly empty: boolean;
  readonly value: unknown;
  readonly mistake: JsonFault | undefined;
  /** What the schema does not like; undefined while that is not known, and where it cannot be. */
  readonly problems: readonly SchemaProblem[] | undefined;
}

const REST_MS = 200;

/** A text as JSON, checked by a schema where there is one. */
export function useJson(text: string, schema: object | undefined): JsonText {
  const parsed = useMemo(() => parse(text), [text]);
  const [settled] = useDebouncedValue(parsed, REST_MS);
  const [problems, setProblems] = useState<readonly SchemaProblem[]>();
  useEffect(() => {
    setProblems(undefined);
    if (schema === undefined || settled.mistake !== undefined) return;
    let stale = false;
    import("../json/check-schema.ts").then(
      ({ checkSchema }) => {
        if (!stale) setProblems(checkSchema(settled.empty ? null : settled.value, schema));
      },
      // The gateway checks too.
      () => undefined,
    );
    return () => {
      stale = true;
    };
  }, [settled, schema]);
  return { ...parsed, problems: settled === parsed ? problems : undefined };
}

function parse(text: string): Omit<JsonText, "problems"> {
  if (text.trim() === "") return { empty: true, value: undefined, mistake: undefined };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { empty: false, value: undefined, mistake: scanJson(text) ?? { problem: "value", offset: 0 } };
  }
  try {
    JSON.stringify(value);
  } catch {
    return { empty: false, value, mistake: { problem: "deep", offset: 0 } };
  }
  return { empty: false, value, mistake: undefined };
}

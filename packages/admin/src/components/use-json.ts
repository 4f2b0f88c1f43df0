import { useDebouncedValue } from "@mantine/hooks";
import { useEffect, useMemo, useState } from "react";
import type { SchemaProblem } from "../json/check-schema.ts";
import { scanJson, type JsonProblem } from "../json/scan-json.ts";

export interface JsonFault {
  /** `deep`: more levels than any gateway takes. */
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
/** The most that a gateway can be set to. */
const DEEPEST = 1000;

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
  const mistake = isDeeper(value, DEEPEST) ? ({ problem: "deep", offset: 0 } as const) : undefined;
  return { empty: false, value, mistake };
}

/** Whether there are more than so many levels of lists and objects. Takes no stack. */
function isDeeper(value: unknown, most: number): boolean {
  let level = [value].filter(isInner);
  for (let depth = 0; level.length > 0; depth++) {
    if (depth === most) return true;
    level = level.flatMap((inner) => Object.values(inner).filter(isInner));
  }
  return false;
}

function isInner(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

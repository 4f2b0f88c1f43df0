import { Validator, type Schema } from "@cfworker/json-schema";

export interface SchemaProblem {
  /** Names and indices that lead to the value, with dots between them; empty for all of it. */
  readonly path: string;
  readonly problem: string;
}

const MOST_PROBLEMS = 8;

/**
 * What a JSON Schema of draft 7 does not like of a value; undefined where it cannot tell. A module of its own, so that it is
 * loaded with the first schema. It interprets schemas: code that is made of them would need what the page's policy forbids.
 */
export function checkSchema(value: unknown, schema: object): readonly SchemaProblem[] | undefined {
  try {
    const { valid, errors } = new Validator(schema as Schema, "7", false).validate(value);
    if (valid) return [];
    // What contains something wrong is told before it, and says no more.
    const inner = errors.filter(
      ({ instanceLocation }) => !errors.some((other) => other.instanceLocation.startsWith(`${instanceLocation}/`)),
    );
    return inner.slice(0, MOST_PROBLEMS).map(({ instanceLocation, error }) => ({
      path: dotted(instanceLocation),
      problem: error,
    }));
  } catch {
    // References to nowhere, patterns that are none, more depth than there is stack for.
    return undefined;
  }
}

function dotted(pointer: string): string {
  return pointer
    .split("/")
    .slice(1)
    .map((piece) => decodeURIComponent(piece).replaceAll("~1", "/").replaceAll("~0", "~"))
    .join(".");
}

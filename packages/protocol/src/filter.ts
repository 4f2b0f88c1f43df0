import { invalidPayload } from "./errors.ts";

export type Scalar = string | number | boolean | null;

/** What a path of the payload is compared with: a scalar (equal), scalars (one of them), or operators (all of them). */
export type FilterCondition =
  | Scalar
  | readonly Scalar[]
  | {
      readonly eq?: Scalar;
      readonly ne?: Scalar;
      readonly gt?: string | number;
      readonly gte?: string | number;
      readonly lt?: string | number;
      readonly lte?: string | number;
      readonly in?: readonly Scalar[];
      readonly exists?: boolean;
      readonly prefix?: string;
    };

/** From a path into the payload (`"order.customer.id"`) to its condition; every key must match, `{}` matches all. */
export type Filter = Readonly<Record<string, FilterCondition>>;

interface Test {
  readonly path: readonly string[];
  /** One of these (by equality), when the test is nothing but an equality. */
  readonly oneOf: readonly Scalar[] | undefined;
  readonly holds: (value: unknown) => boolean;
}

/** A checked filter, ready to be evaluated and indexed. Two filters that mean the same in other order share `key`. */
export interface CompiledFilter {
  /** Canonical text: filters with the same key are the same filter. */
  readonly key: string;
  readonly matchesAll: boolean;
  /** Whether every condition is an equality (a scalar, an array, `eq` or `in`), so that an index finds it. */
  readonly pureEquality: boolean;
  /** An equality to find this filter by: a payload matches only if its value at `path` is one of `values`. */
  readonly indexed: { readonly path: string; readonly values: readonly Scalar[] } | undefined;
  matches(payload: unknown): boolean;
}

const MAX_KEYS = 16;
const MAX_VALUES = 64;
const MAX_PATH = 128;
const MAX_PIECES = 8;

/** Compiles what a client sent as `filter`. Throws `INVALID_PAYLOAD` that names the path of what is wrong. */
export function compileFilter(input: unknown): CompiledFilter {
  if (!isPlainObject(input)) throw invalidPayload("filter", "an object from paths to conditions");
  const paths = Object.keys(input).sort();
  if (paths.length > MAX_KEYS) throw invalidPayload("filter", `an object with at most ${MAX_KEYS} keys`);
  const tests = paths.map((path) => compileTest(path, input[path]));
  const indexedAt = tests.findIndex((test) => test.oneOf !== undefined);
  return {
    key: JSON.stringify(paths.map((path) => [path, canonical(input[path])])),
    matchesAll: tests.length === 0,
    pureEquality: tests.every((test) => test.oneOf !== undefined),
    indexed:
      indexedAt < 0
        ? undefined
        : { path: paths[indexedAt] as string, values: (tests[indexedAt] as Test).oneOf as Scalar[] },
    matches: (payload) => tests.every((test) => test.holds(valueAt(payload, test.path))),
  };
}

/**
 * The value at a path, own properties only; undefined where there is none. JSON has no undefined, so that nothing that is
 * there can be mistaken for nothing.
 */
export function valueAt(payload: unknown, path: readonly string[]): unknown {
  let value = payload;
  for (const piece of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, piece)) return undefined;
    // JSON knows no length of an array.
    if (piece === "length" && Array.isArray(value)) return undefined;
    value = (value as Record<string, unknown>)[piece];
  }
  return value;
}

/** A path as its pieces. */
export function splitPath(path: string): readonly string[] {
  return path.split(".");
}

function compileTest(path: string, condition: unknown): Test {
  const where = `filter.${path}`;
  const pieces = splitPath(path);
  if (path.length > MAX_PATH || pieces.length > MAX_PIECES || pieces.includes("")) {
    throw invalidPayload(where, `a path of at most ${MAX_PATH} characters and ${MAX_PIECES} pieces`);
  }
  if (isScalar(condition)) return equality(pieces, [condition]);
  if (Array.isArray(condition)) return equality(pieces, scalars(condition, where));
  if (!isPlainObject(condition)) throw invalidPayload(where, "a scalar, an array of scalars or an object of operators");
  const operators = Object.keys(condition);
  if (operators.length === 0) throw invalidPayload(where, "an object with at least one operator");
  if (operators.length === 1 && Object.hasOwn(condition, "eq"))
    return equality(pieces, [scalar(condition["eq"], `${where}.eq`)]);
  if (operators.length === 1 && Object.hasOwn(condition, "in"))
    return equality(pieces, scalars(condition["in"], `${where}.in`));
  const checks = operators.map((name) => operator(name, condition[name], where));
  return { path: pieces, oneOf: undefined, holds: (value) => checks.every((check) => check(value)) };
}

function equality(path: readonly string[], values: readonly Scalar[]): Test {
  return { path, oneOf: values, holds: (value) => values.includes(value as Scalar) };
}

function operator(name: string, operand: unknown, where: string): (value: unknown) => boolean {
  const at = `${where}.${name}`;
  switch (name) {
    case "eq": {
      const expected = scalar(operand, at);
      return (value) => value === expected;
    }
    case "ne": {
      // A missing path is undefined, which differs from every scalar: it matches.
      const refused = scalar(operand, at);
      return (value) => value !== refused;
    }
    case "in": {
      const values = scalars(operand, at);
      return (value) => values.includes(value as Scalar);
    }
    case "exists": {
      if (typeof operand !== "boolean") throw invalidPayload(at, "true or false");
      return (value) => (value !== undefined) === operand;
    }
    case "prefix": {
      if (typeof operand !== "string") throw invalidPayload(at, "a string");
      return (value) => typeof value === "string" && value.startsWith(operand);
    }
    case "gt":
      return ordered(operand, at, (order) => order > 0);
    case "gte":
      return ordered(operand, at, (order) => order >= 0);
    case "lt":
      return ordered(operand, at, (order) => order < 0);
    case "lte":
      return ordered(operand, at, (order) => order <= 0);
    default:
      throw invalidPayload(where, "an object of eq, ne, gt, gte, lt, lte, in, exists and prefix");
  }
}

/** Order holds only number to number and string to string (by UTF-16 code units). */
function ordered(operand: unknown, at: string, accept: (order: number) => boolean): (value: unknown) => boolean {
  if (typeof operand !== "number" && typeof operand !== "string") throw invalidPayload(at, "a number or a string");
  return (value) => {
    if (typeof value !== typeof operand) return false;
    const other = value as string | number;
    return accept(other < operand ? -1 : other > operand ? 1 : 0);
  };
}

function scalar(value: unknown, at: string): Scalar {
  if (!isScalar(value)) throw invalidPayload(at, "a JSON scalar");
  return value;
}

function scalars(value: unknown, at: string): readonly Scalar[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_VALUES || !value.every(isScalar)) {
    throw invalidPayload(at, `an array of 1 to ${MAX_VALUES} scalars`);
  }
  return value as readonly Scalar[];
}

function isScalar(value: unknown): value is Scalar {
  return value === null || typeof value === "string" || typeof value === "boolean" || typeof value === "number";
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function canonical(condition: unknown): unknown {
  if (!isPlainObject(condition)) return condition;
  return [
    Object.keys(condition)
      .sort()
      .map((name) => [name, condition[name]]),
  ];
}

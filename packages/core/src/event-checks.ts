import {
  checkJson,
  GatewayError,
  invalidPayload,
  utf8Length,
  type EventSchemas,
  type SchemaIssue,
  type SchemaResult,
} from "@roomcast/protocol";
import type { Draft } from "./broker.ts";
import { isPromise, type Hooks } from "./hooks.ts";
import { jsonText } from "./json-text.ts";

/** How many problems of one payload are told, and how many characters of each. */
const MOST_PROBLEMS = 8;
const LONGEST_TEXT = 200;
/** How many names of events an error lists. */
const MOST_NAMES = 50;

/** What a schema made of a payload, as JSON, and about how many bytes that has. */
export interface CheckedData {
  readonly data: unknown;
  readonly bytes: number;
}

/** Checks publications by the schemas of their channel. */
export class EventChecks {
  readonly #hooks: Hooks;
  readonly #jsonDepth: number;

  constructor(options: { hooks: Hooks; jsonDepth: number }) {
    this.#hooks = options.hooks;
    this.#jsonDepth = options.jsonDepth;
  }

  /**
   * What is to be published as `event`: at once where its schema answers at once, and undefined where it goes as it is.
   * Throws or rejects with `INVALID_PAYLOAD`, and `UNAVAILABLE` for a schema that throws, answers nonsense or takes too long.
   */
  check(
    events: EventSchemas,
    { event, data, source }: Pick<Draft, "event" | "data" | "source">,
  ): CheckedData | Promise<CheckedData> | undefined {
    const schema = Object.hasOwn(events, event) ? events[event] : undefined;
    if (schema === undefined) {
      // What happened to resources their services say, of whom a contract need not know.
      if (source === "resource") return undefined;
      throw invalidPayload("event", `one of ${Object.keys(events).slice(0, MOST_NAMES).join(", ")}`);
    }
    const checked = this.#hooks.call("schema", () => {
      const result = schema["~standard"].validate(data);
      // Of what only looks like a promise, a real one is made.
      return isPromise(result) ? Promise.resolve(result).then(valueOf) : valueOf(result);
    });
    return isPromise(checked) ? checked.then((value) => this.#asJson(value)) : this.#asJson(checked);
  }

  /** A schema may make anything of what it was given, and may go on changing it. */
  #asJson(value: unknown): CheckedData {
    const text = jsonText(value);
    const data: unknown = JSON.parse(text);
    checkJson(data, this.#jsonDepth);
    return { data, bytes: utf8Length(text) };
  }
}

function valueOf(result: SchemaResult<unknown>): unknown {
  if (typeof result !== "object" || result === null) throw nonsense();
  const { issues } = result;
  if (issues === undefined) {
    if (!("value" in result)) throw nonsense();
    return result.value;
  }
  if (!Array.isArray(issues)) throw nonsense();
  throw refusal(issues as readonly SchemaIssue[]);
}

function nonsense(): TypeError {
  return new TypeError("A schema answered neither a value nor issues");
}

function refusal(issues: readonly SchemaIssue[]): GatewayError {
  const problems = issues.slice(0, MOST_PROBLEMS).map((issue) => ({
    path: pathOf(issue.path),
    problem: String(issue.message).slice(0, LONGEST_TEXT),
  }));
  const { path, problem } = problems[0] ?? { path: "payload", problem: "It is not valid" };
  const details = problems.length > 1 ? { path, problem, problems } : { path, problem };
  return new GatewayError("INVALID_PAYLOAD", `"${path}": ${problem}`, { details });
}

/** `payload.order.id`; the whole payload is `payload`. */
function pathOf(path: SchemaIssue["path"]): string {
  const keys = (path ?? []).map((piece) => String(typeof piece === "object" ? piece.key : piece));
  return ["payload", ...keys].join(".").slice(0, LONGEST_TEXT);
}

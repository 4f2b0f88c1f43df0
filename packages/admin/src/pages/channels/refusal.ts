import type { RestError } from "../../api/rest.ts";
import type { PayloadProblem } from "../../components/payload-problem.ts";

/** What the gateway did not take, and of which field. */
export interface FieldProblem extends PayloadProblem {
  /** Undefined where it is about something else. */
  readonly field: "event" | "payload" | undefined;
}

/** An `INVALID_PAYLOAD` as the fields of the form have it; nothing for other errors, which concern no field. */
export function problemsOf({ code, message, details }: RestError): readonly FieldProblem[] {
  if (code !== "INVALID_PAYLOAD" && code !== "TOO_LARGE") return [];
  const { problems } = details;
  const all: readonly unknown[] = Array.isArray(problems) ? problems : [details];
  return all.map((one) => {
    const { path, problem } = (typeof one === "object" && one !== null ? one : {}) as {
      path?: unknown;
      problem?: unknown;
    };
    const text = typeof problem === "string" ? problem : message;
    const [root, ...inner] = typeof path === "string" ? path.split(".") : [];
    if (root === "event" && inner.length === 0) return { field: "event", path: "", problem: text };
    // Depth and size are the payload's, whoever tells it.
    if (root === "payload" || root === "data" || root === undefined || root === "") {
      return { field: "payload", path: inner.join("."), problem: text };
    }
    return { field: undefined, path: inner.join("."), problem: text };
  });
}

import { expect, it } from "vitest";
import { RestError } from "../../api/rest.ts";
import { problemsOf } from "./refusal.ts";

const refused = (details: Record<string, unknown> | undefined, code = "INVALID_PAYLOAD"): RestError =>
  new RestError({
    code,
    message: "It is not valid",
    status: 400,
    ...(details === undefined ? undefined : { details }),
  });

it("tells which field a refusal is about", () => {
  expect(problemsOf(refused({ path: "payload.a.0.b", problem: "must be a text" }))).toEqual([
    { field: "payload", path: "a.0.b", problem: "must be a text" },
  ]);
  expect(problemsOf(refused({ path: "event" }))).toEqual([{ field: "event", path: "", problem: "It is not valid" }]);
  expect(problemsOf(refused({ path: "channel" }))).toEqual([
    { field: undefined, path: "", problem: "It is not valid" },
  ]);
  expect(problemsOf(refused(undefined))).toEqual([{ field: "payload", path: "", problem: "It is not valid" }]);
  const problems = [
    { path: "payload", problem: "one" },
    { path: "payload.x", problem: "two" },
  ];
  expect(problemsOf(refused({ ...problems[0], problems })).map(({ path, problem }) => [path, problem])).toEqual([
    ["", "one"],
    ["x", "two"],
  ]);
});

it("has nothing to show at a field of what is not about the request", () => {
  expect(problemsOf(refused(undefined, "UNAVAILABLE"))).toEqual([]);
  expect(problemsOf(refused({ problems: [null, 7] })).length).toBe(2);
});

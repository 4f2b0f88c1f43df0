import { describe, expect, it } from "vitest";
import { z } from "zod";
import { checkSchema } from "./check-schema.ts";
import { exampleOf } from "./example.ts";

const draft7 = (schema: z.ZodType): object => z.toJSONSchema(schema, { target: "draft-7", io: "input" });

describe("an example of a schema", () => {
  it.each([
    [
      "texts",
      z.object({ id: z.uuid(), mail: z.email(), at: z.iso.datetime(), name: z.string().min(6).max(7), url: z.url() }),
    ],
    [
      "numbers",
      z.object({
        n: z.int().min(3),
        m: z.number().gt(2.5).lt(9),
        k: z.number().multipleOf(5).min(7),
        l: z.int().lt(0),
      }),
    ],
    [
      "choices",
      z.object({ kind: z.enum(["a", "b"]), one: z.literal(7), or: z.union([z.null(), z.string()]), no: z.null() }),
    ],
    [
      "lists",
      z.object({
        some: z.array(z.int()).min(2),
        pair: z.tuple([z.string(), z.boolean()]),
        map: z.record(z.string(), z.int()),
      }),
    ],
    ["both", z.intersection(z.object({ a: z.string() }), z.object({ b: z.int() }))],
    ["a default", z.object({ size: z.int().default(12), may: z.boolean().optional() })],
    ["anything", z.unknown()],
  ])("is one of %s", (_, schema) => {
    const json = draft7(schema);
    expect(checkSchema(exampleOf(json), json)).toEqual([]);
    expect(schema.safeParse(exampleOf(json)).success).toBe(true);
  });

  it("ends where a schema refers to itself", () => {
    type Tree = { name: string; children: Tree[] };
    const tree: z.ZodType<Tree> = z.object({ name: z.string(), children: z.lazy(() => z.array(tree)) });
    const json = draft7(tree);
    expect(checkSchema(exampleOf(json), json)).toEqual([]);
    expect(exampleOf({ $ref: "#" })).toBeNull();
    expect(exampleOf({ $ref: "https://evil.example/schema" })).toBeNull();
  });

  it("is null of what is no schema", () => {
    for (const none of [null, true, 7, "", [], { type: "unheard-of" }]) expect(exampleOf(none)).toBeNull();
  });
});

describe("checking by a schema", () => {
  it("tells what is wrong, and where", () => {
    const json = draft7(z.object({ order: z.object({ "a/b~c": z.array(z.int()) }), text: z.string() }));
    const problems = checkSchema({ order: { "a/b~c": [1, "two"] }, text: 7 }, json);
    expect(problems?.map(({ path }) => path)).toEqual(["order.a/b~c.1", "text"]);
    expect(problems?.[1]?.problem).toContain('"string"');
  });

  it("cannot tell where the schema is broken", () => {
    expect(checkSchema("x", { $ref: "#/definitions/none" })).toBeUndefined();
    expect(checkSchema("x", { type: "string", pattern: "(" })).toBeUndefined();
  });
});

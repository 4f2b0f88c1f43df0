import type { StandardSchema } from "@roomcast/protocol";
import { expect, it } from "vitest";
import { jsonSchemaOf } from "./json-schema.ts";

it("moves references, and nothing that only looks like one", async () => {
  const json = {
    $schema: "http://json-schema.org/draft-07/schema#",
    properties: {
      $ref: { type: "string", default: "#" },
      next: { $ref: "#" },
      list: { items: [{ $ref: "#/$defs/a" }] },
    },
    default: { $ref: "#" },
    enum: [{ $ref: "#" }],
    $defs: { a: { const: { $ref: "#" } }, b: { $ref: "https://example.com/b#" } },
  };
  const standard = { version: 1, vendor: "own", validate: (value: unknown) => ({ value }) } as const;
  const schema: StandardSchema = { "~standard": Object.assign({ jsonSchema: { input: () => json } }, standard) };
  expect(await jsonSchemaOf(schema, "input", "#/components/schemas/x")).toEqual({
    properties: {
      $ref: { type: "string", default: "#" },
      next: { $ref: "#/components/schemas/x" },
      list: { items: [{ $ref: "#/components/schemas/x/$defs/a" }] },
    },
    default: { $ref: "#" },
    enum: [{ $ref: "#" }],
    $defs: { a: { const: { $ref: "#" } }, b: { $ref: "https://example.com/b#" } },
  });
  expect(json.properties.next.$ref).toBe("#");
});

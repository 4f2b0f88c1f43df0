import type { StandardSchema } from "@roomcast/protocol";
import type { toJsonSchema } from "@valibot/to-json-schema";
import { z } from "zod";

/** A JSON Schema of draft 7, which is what AsyncAPI has for payloads. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Whether what a schema takes is meant, or what it makes of that. */
export type Direction = "input" | "output";

const TARGET = "draft-07";
/** Below these stand values and not schemas. */
const VALUES: ReadonlySet<string> = new Set(["const", "enum", "default", "examples"]);

/**
 * The JSON Schema of a schema, as its library gives it; where that has none, one that takes anything and says why. `place` is
 * the JSON pointer of where it will stand: what it refers to in itself is found from there. Never rejects.
 */
export async function jsonSchemaOf(schema: StandardSchema, direction: Direction, place: string): Promise<JsonSchema> {
  try {
    const converted = await convert(schema, direction);
    if (converted !== undefined) {
      const { $schema: _, ...own } = converted;
      return moved(own, place) as JsonSchema;
    }
    return anything(`${schema["~standard"].vendor} gives no JSON Schema`);
  } catch (thrown) {
    return anything(thrown instanceof Error ? (thrown.message.split("\n", 1)[0] ?? "") : "it throws");
  }
}

function anything(reason: string): JsonSchema {
  return { description: `What may stand here has no JSON Schema (${reason}).` };
}

async function convert(schema: StandardSchema, direction: Direction): Promise<JsonSchema | undefined> {
  const standard: StandardSchema["~standard"] & { readonly jsonSchema?: unknown } = schema["~standard"];
  const { vendor, jsonSchema } = standard;
  // Standard JSON Schema: zod from 4.2, arktype from 2.1.28, and whoever else has it.
  if (hasMethod(jsonSchema, direction)) return asSchema(jsonSchema[direction]({ target: TARGET }));
  switch (vendor) {
    case "zod":
      if (!("_zod" in schema)) return undefined;
      return asSchema(z.toJSONSchema(schema as unknown as z.ZodType, { target: "draft-7", io: direction }));
    case "arktype":
      // Its older versions know one kind alone, of what goes in.
      return direction === "input" && hasMethod(schema, "toJsonSchema") ? asSchema(schema.toJsonSchema({})) : undefined;
    case "valibot":
      return await convertValibot(schema, direction);
    default:
      return undefined;
  }
}

async function convertValibot(schema: StandardSchema, direction: Direction): Promise<JsonSchema | undefined> {
  let library: { readonly toJsonSchema: typeof toJsonSchema };
  try {
    library = await import("@valibot/to-json-schema");
  } catch {
    throw new Error("valibot's is made by the package @valibot/to-json-schema, which is not installed");
  }
  type Convertible = Parameters<typeof toJsonSchema>[0];
  return asSchema(
    library.toJsonSchema(schema as unknown as Convertible, {
      target: TARGET,
      typeMode: direction,
      errorMode: "throw",
    }),
  );
}

/** The same where its references to itself begin at `place`. */
function moved(value: unknown, place: string): unknown {
  if (Array.isArray(value)) return value.map((entry) => moved(entry, place));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]: [string, unknown]) => {
      if (key === "$ref" && typeof entry === "string" && entry.startsWith("#")) return [key, place + entry.slice(1)];
      return [key, VALUES.has(key) ? entry : moved(entry, place)];
    }),
  );
}

function asSchema(value: unknown): JsonSchema | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonSchema) : undefined;
}

function hasMethod<Name extends string>(
  value: unknown,
  name: Name,
): value is Readonly<Record<Name, (options: object) => unknown>> {
  const holder = typeof value === "function" || (typeof value === "object" && value !== null) ? value : {};
  return name in holder && typeof (holder as Record<string, unknown>)[name] === "function";
}

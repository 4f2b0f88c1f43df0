/** What went wrong in a value, and where. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/**
 * A schema of any library that follows Standard Schema (https://standardschema.dev): zod, valibot, arktype and others.
 * `Input` is what it takes, `Output` what it makes of that.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    /** For types alone. */
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** The schemas of a channel's events, by the names of the events. */
export type EventSchemas = Readonly<Record<string, StandardSchema>>;

type TypesOf<Schema extends StandardSchema> = NonNullable<Schema["~standard"]["types"]>;

/** What a schema takes. */
export type SchemaInput<Schema extends StandardSchema> = TypesOf<Schema>["input"];
/** What a schema makes of it. */
export type SchemaOutput<Schema extends StandardSchema> = TypesOf<Schema>["output"];

export function isStandardSchema(value: unknown): value is StandardSchema {
  // Some libraries' schemas are functions.
  if ((typeof value !== "object" && typeof value !== "function") || value === null || !("~standard" in value)) {
    return false;
  }
  const standard = value["~standard"];
  return (
    typeof standard === "object" &&
    standard !== null &&
    "validate" in standard &&
    typeof standard.validate === "function"
  );
}

type Schema = Readonly<Record<string, unknown>>;

/** How deep an example goes, and how many values it has: schemas may refer to themselves. */
const DEEPEST = 8;
const MOST_VALUES = 500;

const FORMATS: Readonly<Record<string, string>> = {
  "date-time": "2026-01-31T12:00:00Z",
  date: "2026-01-31",
  time: "12:00:00Z",
  duration: "PT5M",
  email: "someone@example.com",
  "idn-email": "someone@example.com",
  hostname: "www.example.com",
  ipv4: "192.0.2.1",
  ipv6: "2001:db8::1",
  uri: "https://www.example.com/",
  url: "https://www.example.com/",
  "uri-reference": "/path",
  uuid: "123e4567-e89b-42d3-a456-426614174000",
  regex: ".*",
  "json-pointer": "/path",
};

/** A value of a JSON Schema, to begin writing one's own with. Good for most schemas; patterns and conditions are not followed. */
export function exampleOf(schema: unknown): unknown {
  return new Example(schema).of(schema, 0);
}

class Example {
  readonly #root: unknown;
  #values = 0;

  constructor(root: unknown) {
    this.#root = root;
  }

  of(schema: unknown, depth: number): unknown {
    if (!isSchema(schema) || depth > DEEPEST || ++this.#values > MOST_VALUES) return null;
    const { examples, enum: values, allOf } = schema;
    if ("const" in schema) return schema["const"];
    if ("default" in schema) return schema["default"];
    if (Array.isArray(examples) && examples.length > 0) return examples[0];
    if (Array.isArray(values) && values.length > 0) return values[0];
    const { $ref } = schema;
    if (typeof $ref === "string") return this.of(this.#resolve($ref), depth + 1);
    const choice = firstOf(schema["anyOf"]) ?? firstOf(schema["oneOf"]);
    if (choice !== undefined) return this.of(choice, depth + 1);
    if (Array.isArray(allOf) && allOf.length > 0) return this.#all([...allOf, { ...schema, allOf: [] }], depth);
    return this.#typed(schema, depth);
  }

  #all(schemas: readonly unknown[], depth: number): unknown {
    const made = schemas.map((schema) => this.of(schema, depth + 1)).filter((value) => value !== null);
    return made.every(isSchema) ? Object.assign({}, ...made) : (made[0] ?? null);
  }

  #typed(schema: Schema, depth: number): unknown {
    switch (typeOf(schema)) {
      case "object":
        return this.#object(schema, depth);
      case "array":
        return this.#array(schema, depth);
      case "string":
        return text(schema);
      case "integer":
        return number(schema, 1);
      case "number":
        return number(schema, 0);
      case "boolean":
        return true;
      default:
        return null;
    }
  }

  #object({ properties, required }: Schema, depth: number): unknown {
    const made: Record<string, unknown> = {};
    const needed = Array.isArray(required) ? required.map(String) : [];
    for (const [name, schema] of Object.entries(isSchema(properties) ? properties : {})) {
      // What may be left out is left out where it goes deep.
      if (depth < DEEPEST / 2 || needed.includes(name)) define(made, name, this.of(schema, depth + 1));
    }
    for (const name of needed) if (!Object.hasOwn(made, name)) define(made, name, null);
    return made;
  }

  #array({ items, prefixItems, minItems }: Schema, depth: number): unknown {
    const first: unknown = Array.isArray(prefixItems) ? prefixItems : items;
    if (Array.isArray(first)) return first.map((schema) => this.of(schema, depth + 1));
    const least = Number.isSafeInteger(minItems) ? Math.min(Number(minItems), 10) : 0;
    const count = Math.max(least, items === undefined || depth >= DEEPEST / 2 ? 0 : 1);
    return Array.from({ length: count }, () => this.of(items, depth + 1));
  }

  /** What stands at a JSON pointer in the schema itself; nothing is fetched. */
  #resolve($ref: string): unknown {
    if (!$ref.startsWith("#")) return undefined;
    let place = this.#root;
    for (const piece of $ref.slice(1).split("/").slice(1)) {
      if (typeof place !== "object" || place === null) return undefined;
      place = (place as Schema)[unescape(piece)];
    }
    return place;
  }
}

function isSchema(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Also a name such as `__proto__`. */
function define(target: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
}

/** Of several schemas the first that is not for null alone. */
function firstOf(choices: unknown): unknown {
  if (!Array.isArray(choices)) return undefined;
  return choices.find((choice) => !isSchema(choice) || choice["type"] !== "null") ?? choices[0];
}

function typeOf(schema: Schema): unknown {
  const { type } = schema;
  if (Array.isArray(type)) return type.find((one) => one !== "null") ?? "null";
  if (type !== undefined) return type;
  return "properties" in schema ? "object" : "items" in schema ? "array" : undefined;
}

function text({ format, minLength, maxLength }: Schema): string {
  const known = typeof format === "string" ? FORMATS[format] : undefined;
  if (known !== undefined) return known;
  const least = Number.isSafeInteger(minLength) ? Math.min(Number(minLength), 1000) : 0;
  const most = Number.isSafeInteger(maxLength) ? Number(maxLength) : Number.POSITIVE_INFINITY;
  return "text".padEnd(least, "…").slice(0, most);
}

function number(schema: Schema, step: number): number {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
  const unit = typeof multipleOf === "number" && multipleOf > 0 ? multipleOf : step;
  const above = typeof exclusiveMinimum === "number" ? exclusiveMinimum + (unit || 1) : Number.NEGATIVE_INFINITY;
  const below = typeof exclusiveMaximum === "number" ? exclusiveMaximum - (unit || 1) : Number.POSITIVE_INFINITY;
  const least = Math.max(typeof minimum === "number" ? minimum : Number.NEGATIVE_INFINITY, above);
  const most = Math.min(typeof maximum === "number" ? maximum : Number.POSITIVE_INFINITY, below);
  const value = Math.min(Math.max(0, least), most);
  return unit === 0 ? value : Math.ceil(value / unit) * unit;
}

function unescape(piece: string): string {
  let decoded = piece;
  try {
    decoded = decodeURIComponent(piece);
  } catch {
    // A percent sign that stands for itself.
  }
  return decoded.replaceAll("~1", "/").replaceAll("~0", "~");
}

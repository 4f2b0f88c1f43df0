import { isTenantId, ROLES } from "@roomcast/protocol";
import { z } from "zod";

/*
 * The smallest pieces of the configuration. The message of each is what may stand there: `config-error.ts` makes the line that is
 * shown of it.
 */

export const LOG_LEVELS = ["fatal", "error", "warn", "info", "debug", "trace", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const ORIGINS = `origins such as https://app.example.com, or "*"`;

/** An object with these keys and no others. */
export function section<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  const names = Object.keys(shape);
  const known = names.length === 0 ? "left out: there are no options" : `one of ${names.join(", ")}`;
  return z.strictObject(shape, {
    error: (issue) => (issue.code === "unrecognized_keys" ? known : `an object of ${names.join(", ")}`),
  });
}

export function whole(min: number, max: number = Number.MAX_SAFE_INTEGER) {
  const error =
    max === Number.MAX_SAFE_INTEGER ? `a whole number, ${min} or more` : `a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
}

export const flag = z.boolean({ error: "true or false" });

export function text(expected: string, matches: (value: string) => boolean = (value) => value !== "") {
  return z.string({ error: expected }).refine(matches, { error: expected });
}

export function listOf<Item extends z.ZodType>(item: Item, expected: string) {
  return z.array(item, { error: `a list of ${expected}` });
}

/** A text, or a list of texts that is not empty. */
export function oneOrMore(expected: string) {
  const error = `${expected}, or a list of them that is not empty`;
  return z
    .union([text(error), z.array(text(error)).min(1, { error })], { error })
    .transform((value) => (typeof value === "string" ? [value] : value));
}

export function oneOf<const Values extends readonly [string, ...string[]]>(values: Values) {
  return z.enum(values, { error: values.join(", ") });
}

const tenantsExpected = `"*", or a list of tenants that is not empty`;
export const tenants = z.union(
  [
    z.literal("*"),
    z.array(z.custom<string>(isTenantId, { error: tenantsExpected })).min(1, { error: tenantsExpected }),
  ],
  { error: tenantsExpected },
);

const rolesExpected = `a list of ${ROLES.join(", ")} that is not empty`;
export const roles = z
  .array(z.enum(ROLES, { error: rolesExpected }), { error: rolesExpected })
  .min(1, { error: rolesExpected });

export const port = whole(0, 65_535);
export const portText = text(
  "a whole number from 0 to 65535",
  (value) => /^\d{1,5}$/.test(value) && Number(value) <= 65_535,
).transform(Number);
export const host = text("a host name or an IP address", (value) => /^[^\s/@]{1,255}$/.test(value));
export const apiKey = text("24 characters or more", (value) => value.length >= 24);
export const secret = text("32 bytes or more", (value) => Buffer.byteLength(value) >= 32);
export const logLevel = oneOf(LOG_LEVELS);

/** An address that the server itself asks. */
export const httpUrl = text("an http or https address without user and password", (value) => {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  return url !== undefined && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "";
});

/** A Redis, perhaps with name, password and database. */
export const redisUrl = text("an address such as redis://host:6379, or rediss:// for TLS", (value) => {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || !/^rediss?:$/.test(url.protocol) || url.hostname === "") return false;
  return /^\/?\d{0,4}$/.test(url.pathname) && isEncoded(url.username) && isEncoded(url.password);
});

/** `"*"`, or origins just as browsers send them: compared as text. */
export const cors = z
  .union([z.string(), z.array(z.string())], { error: ORIGINS })
  .transform((value) => (typeof value === "string" ? value.split(",").map((origin) => origin.trim()) : value))
  .refine((origins) => origins.every((origin) => origin === "*" || isOrigin(origin)), { error: ORIGINS })
  .refine((origins) => origins.length === 1 || !origins.includes("*"), { error: `origins, or "*" alone` })
  .transform((origins): readonly string[] | "*" => (origins[0] === "*" ? "*" : origins));

function isEncoded(value: string): boolean {
  try {
    decodeURIComponent(value);
    return true;
  } catch {
    return false;
  }
}

function isOrigin(value: string): boolean {
  return URL.canParse(value) && new URL(value).origin === value;
}

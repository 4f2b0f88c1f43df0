import type { Role } from "@roomcast/protocol";
import { createHash, timingSafeEqual } from "node:crypto";

export const MIN_API_KEY_LENGTH = 24;
const SHA256_HEX = /^[0-9a-f]{64}$/i;

/** A key of a back end, known by its hash, and what it reaches. */
export interface ApiKeyEntry {
  /** Of the key, in hexadecimal. */
  readonly sha256: string;
  readonly tenants: readonly string[] | "*";
  readonly roles: readonly Role[];
}

export interface ApiKeyScope {
  readonly tenants: readonly string[] | "*";
  readonly roles: readonly Role[];
}

/** The hash under which a key is kept, in hexadecimal. Throws a plain `Error` for a key of less than 24 characters. */
export function hashApiKey(key: string): string {
  if (key.length < MIN_API_KEY_LENGTH) {
    throw new Error(`An API key must have at least ${MIN_API_KEY_LENGTH} characters, and has ${key.length}`);
  }
  return digest(key).toString("hex");
}

/** The API keys of back ends. Keeps hashes only, and compares every one of them whatever is shown. */
export class ApiKeys {
  readonly #keys: readonly { readonly hash: Buffer; readonly scope: ApiKeyScope }[];

  /** Throws a plain `Error` for what is no SHA-256, and for a key of operators that does not reach every tenant. */
  constructor(entries: readonly ApiKeyEntry[]) {
    this.#keys = entries.map(({ sha256, tenants, roles }) => {
      if (!SHA256_HEX.test(sha256)) throw new Error("The hash of an API key must be 64 hexadecimal digits");
      if (roles.includes("operator") && tenants !== "*")
        throw new Error("An API key of operators reaches every tenant");
      return { hash: Buffer.from(sha256, "hex"), scope: { tenants, roles } };
    });
  }

  /** What the key with this hash reaches, or undefined where there is none such any more. */
  findByHash(sha256: string): ApiKeyScope | undefined {
    return this.#keys.find(({ hash }) => hash.toString("hex") === sha256)?.scope;
  }

  /** What `shown` reaches, or undefined where it is no key. */
  find(shown: string): ApiKeyScope | undefined {
    const hash = digest(shown);
    let found: ApiKeyScope | undefined;
    for (const key of this.#keys) {
      if (timingSafeEqual(key.hash, hash)) found ??= key.scope;
    }
    return shown.length < MIN_API_KEY_LENGTH ? undefined : found;
  }
}

function digest(key: string): Buffer {
  return createHash("sha256").update(key, "utf8").digest();
}

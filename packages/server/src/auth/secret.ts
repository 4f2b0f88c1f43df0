import type { CryptoKey } from "jose";
import { createSecretKey, hkdfSync, webcrypto, type KeyObject } from "node:crypto";
import { ROOM_AUDIENCE } from "./verify.ts";

/** HS256 asks for a key that is no shorter than its hash. */
export const MIN_SECRET_BYTES = 32;

/**
 * The keys made of a shared secret: one for access tokens, and another, derived, for room tokens. Each is made once: to
 * verify by, and when it is first used to sign with.
 */
export class SecretKeys {
  /** Verifies access tokens. */
  readonly accessSecret: KeyObject;
  /** Verifies room tokens. */
  readonly roomSecret: KeyObject;
  #access: Promise<CryptoKey> | undefined;
  #room: Promise<CryptoKey> | undefined;

  /** Throws a plain `Error` for a secret of less than 32 bytes. */
  constructor(secret: string) {
    const bytes = Buffer.from(secret, "utf8");
    if (bytes.length < MIN_SECRET_BYTES) {
      throw new Error(`The secret of tokens must be at least ${MIN_SECRET_BYTES} bytes long, and is ${bytes.length}`);
    }
    this.accessSecret = createSecretKey(bytes);
    this.roomSecret = createSecretKey(new Uint8Array(hkdfSync("sha256", bytes, new Uint8Array(0), ROOM_AUDIENCE, 32)));
  }

  /** Signs access tokens. */
  access(): Promise<CryptoKey> {
    this.#access ??= importKey(this.accessSecret);
    return this.#access;
  }

  /** Signs room tokens. */
  room(): Promise<CryptoKey> {
    this.#room ??= importKey(this.roomSecret);
    return this.#room;
  }
}

function importKey(secret: KeyObject): Promise<CryptoKey> {
  const bytes = new Uint8Array(secret.export());
  return webcrypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);
}

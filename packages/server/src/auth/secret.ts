import type { CryptoKey } from "jose";
import { hkdfSync, webcrypto } from "node:crypto";
import { ROOM_AUDIENCE } from "./verify.ts";

/** HS256 asks for a key that is no shorter than its hash. */
export const MIN_SECRET_BYTES = 32;

/**
 * The keys made of a shared secret: one for access tokens, and another, derived, for room tokens. Each is imported once,
 * when it is first used.
 */
export class SecretKeys {
  readonly #secret: Uint8Array<ArrayBuffer>;
  #access: Promise<CryptoKey> | undefined;
  #room: Promise<CryptoKey> | undefined;

  /** Throws a plain `Error` for a secret of less than 32 bytes. */
  constructor(secret: string) {
    this.#secret = new Uint8Array(Buffer.from(secret, "utf8"));
    if (this.#secret.length < MIN_SECRET_BYTES) {
      throw new Error(
        `The secret of tokens must be at least ${MIN_SECRET_BYTES} bytes long, and is ${this.#secret.length}`,
      );
    }
  }

  access(): Promise<CryptoKey> {
    this.#access ??= importKey(this.#secret);
    return this.#access;
  }

  room(): Promise<CryptoKey> {
    this.#room ??= importKey(new Uint8Array(hkdfSync("sha256", this.#secret, new Uint8Array(0), ROOM_AUDIENCE, 32)));
    return this.#room;
  }
}

function importKey(bytes: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  return webcrypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);
}

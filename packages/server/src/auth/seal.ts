import { hkdfSync } from "node:crypto";
import { EncryptJWT, jwtDecrypt, type JWTPayload } from "jose";

const ALGORITHM = "dir";
const ENCRYPTION = "A256GCM";
const KEY_BYTES = 32;

/**
 * Seals what only the nodes of this configuration may read and write: encrypted with AES-256-GCM by a key derived from their
 * secret. Two purposes have two keys, so that nothing sealed for one opens for the other.
 */
export class Seal {
  readonly #key: Uint8Array;

  constructor(options: { readonly secret: string; readonly purpose: string }) {
    const { secret, purpose } = options;
    this.#key = new Uint8Array(hkdfSync("sha256", secret, new Uint8Array(0), purpose, KEY_BYTES));
  }

  async close(content: JWTPayload): Promise<string> {
    return await new EncryptJWT(content).setProtectedHeader({ alg: ALGORITHM, enc: ENCRYPTION }).encrypt(this.#key);
  }

  /** What was sealed; undefined for whatever was not sealed with this key. Whether it has expired is not looked at. */
  async open(text: string): Promise<JWTPayload | undefined> {
    try {
      const { payload } = await jwtDecrypt(text, this.#key, {
        keyManagementAlgorithms: [ALGORITHM],
        contentEncryptionAlgorithms: [ENCRYPTION],
      });
      return payload;
    } catch {
      return undefined;
    }
  }
}

/** Whether text has the form of something sealed, which no signed token has. */
export function isSealed(text: string): boolean {
  return text.split(".", 6).length === 5;
}

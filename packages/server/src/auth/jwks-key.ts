import { asObject } from "@roomcast/protocol";
import { importJWK, type CryptoKey, type JWK } from "jose";

export type KeyAlgorithm = "RS256" | "ES256" | "EdDSA";

/** A public key of an issuer. */
export interface PublicKey {
  /** Its `kid`, where it has one. */
  readonly id: string | undefined;
  /** The one algorithm that it verifies, which its type decides. */
  readonly algorithm: KeyAlgorithm;
  readonly key: CryptoKey;
}

const MIN_RSA_BITS = 2048;

/**
 * A key as listed in a key set, or undefined where it is not one of ours to use: symmetric, private, of another type or
 * purpose, too short, or malformed. One such key does not spoil the others of the set.
 */
export async function importPublicKey(listed: unknown): Promise<PublicKey | undefined> {
  const jwk = asObject(listed);
  const algorithm = jwk === undefined ? undefined : algorithmOf(jwk);
  if (jwk === undefined || algorithm === undefined || !isForVerifying(jwk)) return undefined;
  const id = jwk["kid"];
  if (id !== undefined && typeof id !== "string") return undefined;
  try {
    const key = await importJWK(jwk as JWK, algorithm);
    if (key instanceof Uint8Array || key.type !== "public" || isShort(key)) return undefined;
    return { id, algorithm, key };
  } catch {
    return undefined;
  }
}

function algorithmOf(jwk: Readonly<Record<string, unknown>>): KeyAlgorithm | undefined {
  const { kty, crv, alg } = jwk as { kty?: unknown; crv?: unknown; alg?: unknown };
  if (kty === "RSA") return alg === undefined || alg === "RS256" ? "RS256" : undefined;
  if (kty === "EC" && crv === "P-256") return alg === undefined || alg === "ES256" ? "ES256" : undefined;
  // The newer name of the same algorithm may stand at the key.
  if (kty === "OKP" && crv === "Ed25519")
    return alg === undefined || alg === "EdDSA" || alg === "Ed25519" ? "EdDSA" : undefined;
  return undefined;
}

function isForVerifying(jwk: Readonly<Record<string, unknown>>): boolean {
  const { use, key_ops: operations, d } = jwk as { use?: unknown; key_ops?: unknown; d?: unknown };
  if (d !== undefined || (use !== undefined && use !== "sig")) return false;
  return operations === undefined || (Array.isArray(operations) && operations.includes("verify"));
}

function isShort(key: CryptoKey): boolean {
  const { modulusLength } = key.algorithm as { modulusLength?: number };
  return modulusLength !== undefined && modulusLength < MIN_RSA_BITS;
}

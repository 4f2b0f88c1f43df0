import { createHmac, hkdfSync, sign as signWith, type KeyObject } from "node:crypto";

export interface SignOptions {
  readonly secret: string | Uint8Array;
  /** What the header claims; the signature is HMAC all the same unless `key` is given. */
  readonly algorithm?: string;
  readonly header?: Readonly<Record<string, unknown>>;
}

export function seconds(): number {
  return Math.floor(Date.now() / 1000);
}

/** A token with exactly these claims (or this text as its claims), signed with an HMAC by the secret. */
export function sign(claims: object | string, { secret, algorithm = "HS256", header }: SignOptions): string {
  const input = signingInput({ alg: algorithm, typ: "JWT", ...header }, claims);
  const hash = algorithm === "HS512" ? "sha512" : algorithm === "HS384" ? "sha384" : "sha256";
  return `${input}.${createHmac(hash, secret).update(input).digest("base64url")}`;
}

export interface KeySignOptions {
  readonly key: KeyObject;
  readonly algorithm: string;
  readonly header?: Readonly<Record<string, unknown>>;
}

/** The same, signed with a private key. */
export function signByKey(claims: object, { key, algorithm, header }: KeySignOptions): string {
  const input = signingInput({ alg: algorithm, typ: "JWT", ...header }, claims);
  const hash = key.asymmetricKeyType === "ed25519" ? null : "sha256";
  const signature = signWith(hash, Buffer.from(input), { key, dsaEncoding: "ieee-p1363" });
  return `${input}.${signature.toString("base64url")}`;
}

/** A token without a signature. */
export function unsigned(claims: object, algorithm = "none"): string {
  return `${signingInput({ alg: algorithm, typ: "JWT" }, claims)}.`;
}

function signingInput(header: object, claims: object | string): string {
  const text = typeof claims === "string" ? claims : JSON.stringify(claims);
  return `${Buffer.from(JSON.stringify(header)).toString("base64url")}.${Buffer.from(text).toString("base64url")}`;
}

/** The key of room tokens, derived from the shared secret. */
export function roomKey(secret: string): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", secret, new Uint8Array(0), "roomcast:room", 32));
}

export interface RoomClaims {
  readonly room: string;
  readonly userId: string;
  readonly tenantId: string;
  readonly lifeSeconds?: number;
}

/** A token that opens one channel to one user; `changes` replaces claims. */
export function roomToken(
  secret: string,
  { room, userId, tenantId, lifeSeconds = 60 }: RoomClaims,
  changes: object = {},
): string {
  const now = seconds();
  const claims = {
    name: room,
    sub: userId,
    tenantId,
    aud: "roomcast:room",
    iat: now,
    exp: now + lifeSeconds,
    ...changes,
  };
  return sign(claims, { secret: roomKey(secret) });
}

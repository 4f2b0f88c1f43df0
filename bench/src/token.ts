import { jwtVerify, SignJWT } from "jose";
import { webcrypto } from "node:crypto";
import { SECRET } from "./child.ts";

export type Key = webcrypto.CryptoKey;

export async function importKey(): Promise<Key> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  return await webcrypto.subtle.importKey("raw", new TextEncoder().encode(SECRET), algorithm, false, [
    "sign",
    "verify",
  ]);
}

/** Of a client, unless roles are given. */
export async function signToken(key: Key, userId: string, roles?: readonly string[]): Promise<string> {
  return await new SignJWT(roles === undefined ? {} : { permissions: roles })
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(userId)
    .setIssuedAt()
    .setExpirationTime("1h")
    .sign(key);
}

export async function verifyToken(key: Key, token: string): Promise<string> {
  const { payload } = await jwtVerify(token, key, { algorithms: ["HS256"] });
  if (payload.sub === undefined) throw new Error("The token names nobody");
  return payload.sub;
}

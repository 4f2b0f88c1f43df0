import { jwtVerify, SignJWT } from "jose";

/** Tokens that say who somebody is. */
export class Tokens {
  readonly #key: Uint8Array;

  constructor(secret: string) {
    this.#key = new TextEncoder().encode(secret);
  }

  async issue(user: string): Promise<string> {
    return await new SignJWT()
      .setProtectedHeader({ alg: "HS256" })
      .setSubject(user)
      .setIssuedAt()
      .setExpirationTime("8h")
      .sign(this.#key);
  }

  /** Whose token this is; undefined for one that does not hold. */
  async userOf(authorization = ""): Promise<string | undefined> {
    try {
      const token = authorization.replace(/^Bearer /u, "");
      return (await jwtVerify(token, this.#key, { algorithms: ["HS256"] })).payload.sub;
    } catch {
      return undefined;
    }
  }
}

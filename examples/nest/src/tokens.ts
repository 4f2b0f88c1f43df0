import { Injectable } from "@nestjs/common";
import { jwtVerify, SignJWT } from "jose";
import { randomBytes } from "node:crypto";
import process from "node:process";

/** Tokens of one run are void in the next, unless the secret stays. */
export const { JWT_SECRET: SECRET = randomBytes(32).toString("hex") } = process.env;

/** Tokens that say who somebody is. */
@Injectable()
export class Tokens {
  readonly #key = new TextEncoder().encode(SECRET);

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

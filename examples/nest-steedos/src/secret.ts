import { randomBytes } from "node:crypto";
import process from "node:process";

/** For tokens of native clients and of services, which may come beside those with cookies. */
export const { JWT_SECRET: SECRET = randomBytes(32).toString("hex") } = process.env;

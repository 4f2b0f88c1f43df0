import { redisParts } from "@roomcast/redis";

const { JWT_SECRET: secret, REDIS_URL: url } = process.env;

/** What a set-up for one application says, in the place that the set-up has for it: `/`. */
export const settings = {
  auth: { jwt: { secret } },
  dialects: { native: false, twake: false, plazer: { namespace: "/" } },
  rest: false,
  drainSeconds: 2,
  ...(url === undefined ? undefined : redisParts({ url })),
};

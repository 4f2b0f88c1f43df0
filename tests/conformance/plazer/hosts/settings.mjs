/** The gateway of a set-up for one application, in the place that the set-up has for it: `/`. */
export const settings = {
  auth: { jwt: { secret: process.env.JWT_SECRET } },
  dialects: { native: false, twake: false, plazer: { namespace: "/" } },
  rest: false,
  drainSeconds: 2,
};

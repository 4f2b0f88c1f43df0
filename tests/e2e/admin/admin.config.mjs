/** All languages, keys of two kinds, and rules that tell who is who. The hashes are those of the keys in `site.ts`. */
export default {
  auth: {
    cookie: {
      // "<space>,of-<user>" belongs to that user.
      getUserByToken(token) {
        const [, space, user] = /^([^,]+),of-(.+)$/.exec(token) ?? [];
        return user === undefined ? null : { user, space };
      },
    },
    apiKeys: [
      {
        sha256: "d4ebf4e9c611ae9ca5c0b6cf09a279be3bdd0cc8e336f649f7d00affdf7181a0",
        tenants: "*",
        roles: ["client", "service", "admin", "operator"],
      },
      {
        sha256: "dcfea76a9bccecfef2556930952d71b79e4fce317aa55045f98abf85531a0f5c",
        tenants: ["acme", "beta"],
        roles: ["admin"],
      },
    ],
  },
  dialects: { native: true, steedos: {}, twake: {}, plazer: {} },
  // Everybody comes from one address here, and tries much in a short time.
  limits: {
    handshakesPerSecondPerAddress: 100_000,
    commandsPerSecond: 100_000,
    commandBurst: 100_000,
    subscriptionsPerSession: 10_000,
  },
  drainSeconds: 1,
  channels: [
    { match: "chat:{room}", keep: { size: 1000, seconds: 3600 } },
    { match: "inbox:{userId}", subscribe: "owner", publish: "service" },
    { match: "news:{name}", publish: "service" },
    { match: "closed:**", subscribe: "nobody" },
    { match: "plain:**", keep: false },
    { match: "**" },
  ],
};

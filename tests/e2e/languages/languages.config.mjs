/** All four languages, and rules that tell who is who. */
export default {
  auth: {
    anonymous: true,
    cookie: {
      // "<space>,of-<user>" belongs to that user.
      getUserByToken(token) {
        const [, space, user] = /^([^,]+),of-(.+)$/.exec(token) ?? [];
        return user === undefined ? null : { user, space };
      },
    },
  },
  // Everybody comes from one address here, and tries much in a short time.
  limits: {
    handshakesPerSecondPerAddress: 100_000,
    commandsPerSecond: 100_000,
    commandBurst: 100_000,
    subscriptionsPerSession: 10_000,
  },
  drainSeconds: 2,
  channels: [
    { match: "/open/**" },
    { match: "inbox:{userId}", subscribe: "owner", publish: "owner" },
    { match: "floor:{tenantId}", subscribe: "owner" },
    { match: "signed:{name}", subscribe: "roomToken" },
    { match: "ops:**", subscribe: "service" },
    { match: "closed:**", subscribe: "nobody" },
    { match: "news:{name}", publish: "service" },
    { match: "ask:{answer}", subscribe: (_principal, { answer }) => answer === "yes" },
  ],
};

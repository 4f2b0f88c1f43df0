/** A rule for each right that a room may have. */
export const channels = [
  { match: "open:{name}", subscribe: "anyone" },
  { match: "inbox:{userId}", subscribe: "owner", publish: "owner" },
  { match: "floor:{tenantId}", subscribe: "owner" },
  { match: "signed:{name}", subscribe: "roomToken" },
  { match: "ops:**", subscribe: "service" },
  { match: "closed:**", subscribe: "nobody" },
  { match: "ask:{answer}", subscribe: (_principal, { answer }) => answer === "yes" },
];

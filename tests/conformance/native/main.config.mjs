import { createHash } from "node:crypto";

const sha256 = (key) => createHash("sha256").update(key).digest("hex");

/** For most of the suite: the limits as they are by default, and a rule for everything that a rule can say. */
export default {
  auth: {
    anonymous: true,
    apiKeys: [
      { sha256: sha256("conformance-key-of-a-service"), tenants: ["scoped-a", "scoped-b"], roles: ["service"] },
      { sha256: sha256("conformance-key-of-an-admin"), tenants: ["scoped-a"], roles: ["client", "service", "admin"] },
      { sha256: sha256("conformance-key-of-a-client"), tenants: "*", roles: ["client"] },
    ],
  },
  direct: (principal, params) => principal.userId !== "mute" && !String(params.userId).startsWith("hermit"),
  // Everybody comes from one address here.
  limits: { handshakesPerSecondPerAddress: 2000 },
  drainSeconds: 5,
  channels: [
    // Names that begin so ask for a room token, while another dialect speaks of its rooms by them, unless a rule matches.
    { match: "/{name}/c", subscribe: "authenticated" },
    { match: "/companies/{id}/workspaces", subscribe: "authenticated" },
    { match: "open:{name}", subscribe: "anyone" },
    { match: "wall:{name}", subscribe: "anyone", presence: "anyone", history: "anyone", publish: "anyone" },
    { match: "inbox:{userId}", subscribe: "owner", publish: "owner" },
    { match: "mailbox/{userId}/{folder}", subscribe: "owner" },
    { match: "floor:{tenantId}", subscribe: "owner" },
    { match: "nameless:{name}", subscribe: "owner" },
    { match: "room:{name}", subscribe: "roomToken" },
    { match: "ops:**", subscribe: "service" },
    { match: "closed:**", subscribe: "nobody" },
    { match: "news:{name}", publish: "service" },
    { match: "megaphone:{name}", publish: "authenticated" },
    { match: "frozen:{name}", publish: "nobody" },
    { match: "secretive:{name}", presence: "service" },
    { match: "forgetful:{name}", history: "nobody" },
    { match: "ask:{answer}", subscribe: async (_principal, { answer }) => answer === "yes" },
    { match: "vip:{name}", subscribe: (principal) => principal.info?.vip === true },
    {
      match: "odd:{behaviour}",
      subscribe: (_principal, { behaviour }) => {
        if (behaviour === "throws") throw new Error("the rule is broken");
        if (behaviour === "rejects") return Promise.reject(new Error("the rule is broken"));
        if (behaviour === "hangs") return new Promise(() => {});
        if (behaviour === "nothing") return undefined;
        if (behaviour === "text") return "false";
        return { allowed: true };
      },
    },
    { match: "first:match", subscribe: "nobody" },
    { match: "first:**" },
    { match: "piece:{one}:{two}", subscribe: "anyone" },
    { match: "piece:**", subscribe: "nobody" },
    { match: "plain:**", keep: false },
    { match: "five:**", keep: { size: 5, seconds: 300 } },
    { match: "brief:**", keep: { size: 100, seconds: 1 } },
    { match: "long:**", keep: { size: 2000, seconds: 300 } },
    { match: "resync:**", slow: "resync" },
  ],
};

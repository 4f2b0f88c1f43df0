import process from "node:process";

const keys = `http://127.0.0.1:${process.env.ROOMCAST_TARGET_ISSUER_PORT}`;
const audience = "conformance";

/** Tokens of issuers with key sets, and a claim of one's own for the tenant. */
export default {
  drainSeconds: 5,
  auth: {
    jwt: {
      tenantClaim: "workspace",
      rolesClaim: "duties",
      jwks: [
        { issuer: "https://one.example", url: `${keys}/one`, audience, tenants: ["blue", "green"] },
        { issuer: "https://two.example", url: `${keys}/two`, audience, tenants: "*", roles: ["client", "service"] },
        { issuer: "https://three.example", url: `${keys}/three`, audience, tenants: "*", algorithms: ["ES256"] },
        { issuer: "https://moved.example", url: `${keys}/moved`, audience, tenants: "*" },
      ],
    },
  },
};

import { describe, expect, it } from "vitest";
import type { ResolvedConfig } from "./resolved.ts";
import { resolveConfig } from "./resolve.ts";
import { configSchema, type RoomcastConfig } from "./schema.ts";
import { HIDDEN, shownConfig } from "./shown.ts";

const MARK = "S3cr3t";
const HASH = "5ec2e7".padEnd(64, "0");

/** Everything that a configuration can say, with a mark in all that is secret. */
const EVERYTHING = {
  port: 3000,
  host: "127.0.0.1",
  cors: ["https://app.example.com"],
  trustProxy: 1,
  redis: { url: `rediss://name-${MARK}:password-${MARK}@redis.example.com:6380/2?token=${MARK}`, prefix: "mine" },
  auth: {
    jwt: {
      secret: `${MARK}-of-more-than-thirty-two-bytes-in-all`,
      issuer: "https://issuer.example.com",
      audience: ["one", "two"],
      tenantClaim: "org",
      rolesClaim: "permissions",
      maxTokenSeconds: 3600,
      jwks: [
        {
          issuer: "https://keys.example.com",
          url: `https://keys.example.com/jwks?key=${MARK}`,
          audience: "three",
          algorithms: ["ES256"],
          tenants: ["acme"],
          roles: ["client"],
        },
      ],
    },
    anonymous: true,
    cookie: { url: `https://users.example.com/me?key=${MARK}#${MARK}`, revalidateSeconds: 60 },
    apiKeys: [{ sha256: HASH, tenants: "*", roles: ["service"] }],
  },
  channels: [
    { match: "chat:{name}", subscribe: () => true, publish: "member", keep: { size: 5, seconds: 6 }, slow: "resync" },
    { match: "plain:**", keep: false },
  ],
  direct: () => false,
  dialects: {
    native: true,
    steedos: { anonymous: "reject", globalEmit: false },
    twake: { legacyRoomTokens: false },
    plazer: { namespace: "/events" },
  },
  heartbeat: { intervalSeconds: 20, timeoutSeconds: 10 },
  limits: { commandBytes: 1000 },
  metrics: { token: `metrics-${MARK}` },
  drainSeconds: 3,
} satisfies RoomcastConfig;

function resolved(config: RoomcastConfig = EVERYTHING, env: Record<string, string> = {}): ResolvedConfig {
  return resolveConfig({ config: configSchema.parse(config), env, cwd: "/srv", withoutSecret: "generate", prefix: "" });
}

describe("the settings that operators are shown", () => {
  it("have no secret, of whatever key or variable", () => {
    const config = resolved(EVERYTHING, { ROOMCAST_API_KEY: `an-api-key-${MARK}-of-the-environment` });
    const text = JSON.stringify(shownConfig(config));
    expect(JSON.stringify(config)).toContain(MARK);
    expect(text).not.toContain(MARK);
    for (const { sha256 } of config.auth.apiKeys) expect(text).not.toContain(sha256);
  });

  it("hide a secret that was made for this run", () => {
    const config = resolved({});
    const { secret } = config.auth.jwt;
    expect(secret).toBeDefined();
    expect(JSON.stringify(shownConfig(config))).not.toContain(secret);
    expect(shownConfig(config)).toMatchObject({ generatedSecret: true, auth: { jwt: { secret: HIDDEN } } });
  });

  it("are all the others, functions by that there is one, addresses without what may be secret", () => {
    const { warnings: _, limits, ...others } = shownConfig(resolved()) as Record<string, unknown>;
    expect(others).toMatchObject({
      port: 3000,
      host: "127.0.0.1",
      cors: ["https://app.example.com"],
      trustProxy: 1,
      logLevel: "info",
      redis: { url: "rediss://<hidden>@redis.example.com:6380/2?<hidden>", prefix: "mine" },
      auth: {
        jwt: {
          secret: HIDDEN,
          issuer: ["https://issuer.example.com"],
          audience: ["one", "two"],
          tenantClaim: "org",
          rolesClaim: "permissions",
          maxTokenSeconds: 3600,
          jwks: [
            {
              issuer: "https://keys.example.com",
              url: "https://keys.example.com/jwks?<hidden>",
              audience: ["three"],
              algorithms: ["ES256"],
              tenants: ["acme"],
              roles: ["client"],
            },
          ],
        },
        anonymous: true,
        apiKeys: [{ sha256: HIDDEN, tenants: "*", roles: ["service"] }],
        cookie: { url: "https://users.example.com/me?<hidden>", revalidateSeconds: 60 },
        legacyRoomTokens: false,
      },
      channels: [
        {
          match: "chat:{name}",
          subscribe: "<function>",
          publish: "member",
          keep: { size: 5, seconds: 6 },
          slow: "resync",
        },
        { match: "plain:**", keep: false },
      ],
      direct: "<function>",
      dialects: {
        native: true,
        steedos: { anonymous: "reject", globalEmit: false },
        twake: true,
        plazer: { namespace: "/events" },
      },
      heartbeat: { intervalSeconds: 20, timeoutSeconds: 10 },
      history: {},
      metrics: { token: HIDDEN },
      admin: { path: "/admin" },
      drainSeconds: 3,
      generatedSecret: false,
    });
    const config = resolved();
    expect(limits).toEqual(config.limits);
    // JSON, as it is: nothing of it is lost on the wire.
    expect(JSON.parse(JSON.stringify(shownConfig(config)))).toEqual(shownConfig(config));
  });

  it("show functions that log in, and the names of events", () => {
    const schema = {
      "~standard": { version: 1, vendor: MARK, validate: (value: unknown) => ({ value }) },
    } as const;
    const shown = shownConfig(
      resolved({
        auth: { cookie: { getUserByToken: async () => null } },
        channels: [{ match: "a", events: { said: schema, seen: schema } }],
      }),
    );
    expect(shown).toMatchObject({
      auth: { cookie: { getUserByToken: "<function>" } },
      channels: [{ match: "a", events: ["said", "seen"] }],
      dialects: { native: true, twake: true, plazer: { namespace: "/events" } },
    });
    expect(JSON.stringify(shown)).not.toContain(MARK);
  });

  it("hide a key that nobody thought of, wherever it comes to stand, whatever its value", () => {
    for (const value of [MARK, 7, true, null, () => MARK, [MARK], { deep: MARK }, { path: MARK }]) {
      const config = resolved();
      const [entry] = config.auth.apiKeys;
      const strange = {
        ...config,
        brandNew: value,
        constructor: value,
        metrics: { ...config.metrics, brandNew: value },
        redis: { ...config.redis, password: value },
        history: { brandNew: value },
        auth: {
          ...config.auth,
          brandNew: value,
          jwt: { ...config.auth.jwt, privateKey: value },
          apiKeys: [{ ...entry, key: value }],
        },
        // A known name with something else than it had.
        host: value,
        heartbeat: [value],
      } as unknown as ResolvedConfig;
      const shown = shownConfig(strange);
      expect(shown).toMatchObject({
        brandNew: HIDDEN,
        constructor: HIDDEN,
        metrics: { brandNew: HIDDEN },
        redis: { password: HIDDEN },
        history: { brandNew: HIDDEN },
        auth: { brandNew: HIDDEN, jwt: { privateKey: HIDDEN }, apiKeys: [{ key: HIDDEN }] },
        heartbeat: HIDDEN,
      });
      if (typeof value === "object") expect(JSON.stringify(shown)).not.toContain(`deep`);
    }
  });

  it("hide an address that is none", () => {
    const config = { ...resolved(), redis: { url: `password-${MARK}`, prefix: "mine" } };
    expect(shownConfig(config)).toMatchObject({ redis: { url: HIDDEN } });
  });
});

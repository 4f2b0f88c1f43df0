import { DEFAULT_LIMITS } from "@roomcast/core";
import fc from "fast-check";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hashApiKey } from "../auth/api-keys.ts";
import { ConfigError } from "./config-error.ts";
import { loadConfig } from "./load.ts";
import type { ConfigFlags } from "./resolve.ts";

const SECRET = "a secret of tests, long enough for HS256";
const API_KEY = "a-key-of-tests-that-is-long";
const ENV = { ROOMCAST_JWT_SECRET: SECRET };

let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "roomcast-config-"));
});

afterAll(async () => {
  await rm(root, { recursive: true });
});

/** A directory with this configuration file, or an empty one. */
async function directory(source?: string, name = "roomcast.config.mjs"): Promise<string> {
  const cwd = await mkdtemp(join(root, "cwd-"));
  if (source !== undefined) await writeFile(join(cwd, name), source);
  return cwd;
}

interface Given {
  readonly file?: string;
  readonly env?: Record<string, string | undefined>;
  readonly flags?: ConfigFlags;
}

async function load({ file, env = ENV, flags = {} }: Given = {}) {
  return await loadConfig({
    flags,
    env,
    cwd: await directory(file === undefined ? undefined : `export default ${file};`),
  });
}

async function complaint(given: Given): Promise<string> {
  const error: unknown = await load(given).then(
    () => expect.fail("was accepted"),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ConfigError);
  const { message } = error as ConfigError;
  expect(message).not.toContain("\n");
  return message;
}

describe("redis", () => {
  const file = '{ redis: { url: "rediss://:pw@file:7000/1", prefix: "shop" } }';

  it("is the flag's, before the variable's, before the file's; the prefix is the file's", async () => {
    const env = { ...ENV, ROOMCAST_REDIS_URL: "redis://variable" };
    expect((await load({ file })).redis).toEqual({ url: "rediss://:pw@file:7000/1", prefix: "shop" });
    expect((await load({ file, env })).redis).toEqual({ url: "redis://variable", prefix: "shop" });
    expect((await load({ env, flags: { redis: "redis://flag" } })).redis).toEqual({
      url: "redis://flag",
      prefix: "roomcast",
    });
    expect((await load({ file: '{ redis: { prefix: "shop" } }' })).redis).toBeUndefined();
  });

  it("warns where nodes would refuse each other's tokens", async () => {
    const { warnings } = await load({ file, env: {} });
    expect(warnings.some((line) => line.includes("need the same ROOMCAST_JWT_SECRET"))).toBe(true);
    expect((await load({ file })).warnings).toEqual([]);
    // Without a secret, sessions of the admin page are sealed with the hashes of API keys where one is an operator's, and else with nothing shared.
    const issuer = `{ issuer: "i", url: "https://x", audience: "a", tenants: "*" }`;
    const jwks = `{ redis: { url: "redis://x" }, auth: { jwt: { jwks: [${issuer}] } } }`;
    expect((await load({ file: jwks, env: {} })).warnings).toEqual([
      "Without ROOMCAST_JWT_SECRET and an API key of operators, a session of the admin page holds on one node only",
    ]);
    expect((await load({ file: jwks, env: { ROOMCAST_API_KEY: API_KEY } })).warnings).toEqual([]);
    expect((await load({ file: jwks.replace("{", "{ admin: false,"), env: {} })).warnings).toEqual([]);
  });
});

describe("without any setting", () => {
  it("everything has its default", async () => {
    const config = await load({ env: {} });
    const { secret } = config.auth.jwt;
    expect(config).toEqual({
      port: 3000,
      host: "127.0.0.1",
      admin: { path: "/admin" },
      cors: [],
      trustProxy: 0,
      logLevel: "info",
      auth: {
        jwt: { secret, maxTokenSeconds: 2_678_400, jwks: [] },
        anonymous: false,
        apiKeys: [],
        legacyRoomTokens: false,
      },
      channels: [],
      direct: "authenticated",
      dialects: { native: true, steedos: false, twake: true, plazer: { namespace: "/events" } },
      heartbeat: { intervalSeconds: 25, timeoutSeconds: 20 },
      limits: DEFAULT_LIMITS,
      history: {},
      metrics: {},
      drainSeconds: 10,
      generatedSecret: true,
      warnings: ["ROOMCAST_JWT_SECRET is not set: tokens are signed with a random secret, and hold for this run only"],
    });
  });

  it("the secret is another one each time, and refused in production", async () => {
    const secrets = await Promise.all([load({ env: {} }), load({ env: { ROOMCAST_JWT_SECRET: "" } })]);
    const [first, second] = secrets.map(({ auth }) => auth.jwt.secret ?? "");
    expect(first).not.toBe(second);
    expect(Buffer.byteLength(first ?? "")).toBeGreaterThanOrEqual(32);
    expect(await complaint({ env: { NODE_ENV: "production" } })).toBe(
      "ROOMCAST_JWT_SECRET is missing; it may be 32 bytes or more, and must be there with NODE_ENV=production",
    );
    expect((await load({ env: { NODE_ENV: "production", ...ENV } })).generatedSecret).toBe(false);
  });
});

describe("a flag goes before its variable, that before the file, that before the default", () => {
  const file = `{ port: 1, host: "file", cors: ["https://file"], auth: { jwt: { secret: "${"f".repeat(32)}" } } }`;
  const env = {
    ROOMCAST_PORT: "2",
    ROOMCAST_HOST: "variable",
    ROOMCAST_CORS_ORIGIN: "https://a, http://b:8080",
    ROOMCAST_LOG_LEVEL: "warn",
    ROOMCAST_JWT_SECRET: "v".repeat(32),
  };
  const flags = { port: "3", host: "flag", cors: "*", logLevel: "debug" };
  const empty = Object.fromEntries(Object.keys(env).map((name) => [name, ""]));

  it("all three", async () => {
    expect(await load({ file, env, flags })).toMatchObject({ port: 3, host: "flag", cors: "*", logLevel: "debug" });
  });

  it("variable and file", async () => {
    const config = await load({ file, env });
    expect(config).toMatchObject({ port: 2, host: "variable", cors: ["https://a", "http://b:8080"], logLevel: "warn" });
    expect(config.auth.jwt.secret).toBe("v".repeat(32));
  });

  it("file and empty variables", async () => {
    const config = await load({ file, env: empty });
    expect(config).toMatchObject({
      port: 1,
      host: "file",
      cors: ["https://file"],
      logLevel: "info",
      generatedSecret: false,
      warnings: [],
    });
    expect(config.auth.jwt.secret).toBe("f".repeat(32));
  });

  it("the file itself", async () => {
    const cwd = await directory("export default { port: 1 };");
    await writeFile(join(cwd, "variable.mjs"), "export default { port: 2 };");
    await writeFile(join(cwd, "flag.mjs"), "export default { port: 3 };");
    const by = async (flag: string | undefined, variable: string | undefined) =>
      await loadConfig({ cwd, flags: { config: flag }, env: { ...ENV, ROOMCAST_CONFIG: variable } });
    expect(await by("flag.mjs", "variable.mjs")).toMatchObject({ port: 3, file: join(cwd, "flag.mjs") });
    expect(await by(undefined, join(cwd, "variable.mjs"))).toMatchObject({ port: 2, file: join(cwd, "variable.mjs") });
    expect(await by(undefined, "")).toMatchObject({ port: 1, file: join(cwd, "roomcast.config.mjs") });
  });

  it("a key of the environment stands beside those of the file", async () => {
    const sha256 = "a".repeat(64);
    const { auth } = await load({
      file: `{ auth: { apiKeys: [{ sha256: "${sha256}", tenants: ["acme"], roles: ["service"] }] } }`,
      env: { ...ENV, ROOMCAST_API_KEY: API_KEY },
    });
    expect(auth.apiKeys).toEqual([
      { sha256: hashApiKey(API_KEY), tenants: "*", roles: ["client", "service", "admin", "operator"] },
      { sha256, tenants: ["acme"], roles: ["service"] },
    ]);
  });
});

describe("a file", () => {
  it("may set everything", async () => {
    const config = await load({
      file: `{
        port: 0, host: "::1", cors: "https://a", trustProxy: 2,
        auth: {
          jwt: {
            secret: "${SECRET}", issuer: "https://me", audience: ["x", "y"], tenantClaim: "org", rolesClaim: "groups", maxTokenSeconds: 60,
            jwks: [
              { issuer: "https://a", url: "https://a/keys", tenants: "*" },
              { issuer: "https://b", url: "http://localhost:9/keys", audience: "b", algorithms: ["ES256"], tenants: ["t"], roles: ["service"] },
            ],
          },
          anonymous: true,
          apiKeys: [{ sha256: "${"A".repeat(64)}", tenants: "*", roles: ["admin"] }],
        },
        channels: [
          { match: "live:**", subscribe: "anyone", publish: (principal) => principal.userId === "alice", keep: false, slow: "resync", history: undefined },
          { match: "inbox:{userId}", subscribe: "owner", presence: "nobody", publish: "member", keep: { size: 1, seconds: 2 } },
        ],
        direct: "service",
        dialects: { native: true, steedos: false, twake: false, plazer: false },
        heartbeat: { intervalSeconds: 5, timeoutSeconds: 6 },
        redis: { prefix: "x" },
        limits: { connectionsPerUser: 0, commandBytes: 1000 },
        history: { file: "logs/history.jsonl" },
        metrics: { token: "t" },
        drainSeconds: 0,
      }`,
      env: {},
    });
    expect(config).toMatchObject({
      port: 0,
      host: "::1",
      cors: ["https://a"],
      trustProxy: 2,
      auth: {
        jwt: {
          issuer: ["https://me"],
          audience: ["x", "y"],
          tenantClaim: "org",
          rolesClaim: "groups",
          maxTokenSeconds: 60,
          jwks: [
            { issuer: "https://a", audience: ["x", "y"], tenants: "*" },
            { issuer: "https://b", audience: ["b"], algorithms: ["ES256"], tenants: ["t"], roles: ["service"] },
          ],
        },
        anonymous: true,
      },
      direct: "service",
      heartbeat: { intervalSeconds: 5, timeoutSeconds: 6 },
      limits: { ...DEFAULT_LIMITS, connectionsPerUser: 0, commandBytes: 1000 },
      history: { file: expect.stringMatching(/^\/.*logs\/history\.jsonl$/) },
      metrics: { token: "t" },
      drainSeconds: 0,
      generatedSecret: false,
      warnings: [],
    });
    expect(Object.keys(config.channels[0] ?? {})).not.toContain("history");
    expect(config.channels[0]?.publish).toBeTypeOf("function");
  });

  it("is frozen when it was read", async () => {
    const config = await load({ file: `{ channels: [{ match: "a" }] }` });
    for (const part of [config, config.auth.jwt, config.channels, config.channels[0], config.limits, config.warnings]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });

  it("has the rules of a contract, with schemas as they are", async () => {
    const rule = `{ match: "a:{id}", publish: "service", events: { it: { "~standard": { version: 1, vendor: "own", validate: (value) => ({ value }) } } } }`;
    for (const file of [`{ channels: [${rule}] }`, `{ channels: { definitions: {}, rules: [${rule}] } }`]) {
      const { channels } = await load({ file });
      expect(channels).toMatchObject([{ match: "a:{id}", publish: "service" }]);
      const schema = channels[0]?.events?.["it"];
      expect(schema?.["~standard"].validate(1)).toEqual({ value: 1 });
      // Libraries keep things in theirs.
      expect([Object.isFrozen(channels[0]?.events), Object.isFrozen(schema)]).toEqual([true, false]);
    }
  });

  it("with issuers needs no secret, in production neither", async () => {
    const file = `{ auth: { jwt: { jwks: [{ issuer: "https://a", url: "http://a.example/keys", audience: "x", tenants: "*" }] } } }`;
    const config = await load({ file, env: { NODE_ENV: "production" } });
    expect(config.auth.jwt).not.toHaveProperty("secret");
    expect(config.warnings).toEqual([
      "auth.jwt.jwks[0].url is not https: whoever is between can bring keys of their own",
    ]);
  });

  it("has rules that can be nobody's pointed out", async () => {
    const { warnings } = await load({ file: `{ channels: [{ match: "a" }, { match: "b:{id}", publish: "owner" }] }` });
    expect(warnings).toEqual([
      `channels[1].publish is "owner", and b:{id} has neither {userId} nor {tenantId}: it is nobody's`,
    ]);
  });

  it("may put the admin page elsewhere, or nowhere", async () => {
    expect((await load({ file: "{ admin: {} }" })).admin).toEqual({ path: "/admin" });
    expect((await load({ file: "{ admin: { path: '/apiary/socket.io' } }" })).admin).toEqual({
      path: "/apiary/socket.io",
    });
    // Where no dialect of that path is spoken.
    expect((await load({ file: "{ admin: { path: '/socket' }, dialects: { twake: false } }" })).admin).toEqual({
      path: "/socket",
    });
    expect((await load({ file: "{ admin: false }" })).admin).toBe(false);
  });

  it("may say trustProxy by true and false", async () => {
    expect((await load({ file: "{ trustProxy: true }" })).trustProxy).toBe(1);
    expect((await load({ file: "{ trustProxy: false }" })).trustProxy).toBe(0);
  });
});

describe("a wrong flag or variable is one line", () => {
  const lines: readonly [Given, string][] = [
    [{ flags: { port: "abc" } }, `--port is "abc"; it may be a whole number from 0 to 65535`],
    [{ flags: { port: "" } }, `--port is ""; it may be a whole number from 0 to 65535`],
    [{ flags: { port: "1e3" } }, `--port is "1e3"; it may be a whole number from 0 to 65535`],
    [{ env: { ...ENV, ROOMCAST_PORT: "65536" } }, `ROOMCAST_PORT is "65536"; it may be a whole number from 0 to 65535`],
    [{ env: { ...ENV, ROOMCAST_PORT: "-1" } }, `ROOMCAST_PORT is "-1"; it may be a whole number from 0 to 65535`],
    [{ env: { ...ENV, ROOMCAST_HOST: "a b" } }, `ROOMCAST_HOST is "a b"; it may be a host name or an IP address`],
    [
      { env: { ...ENV, ROOMCAST_HOST: "http://a" } },
      `ROOMCAST_HOST is "http://a"; it may be a host name or an IP address`,
    ],
    [{ flags: { host: "a\nb" } }, `--host is "a\\nb"; it may be a host name or an IP address`],
    [
      { flags: { cors: "https://a/" } },
      `--cors is "https://a/"; it may be origins such as https://app.example.com, or "*"`,
    ],
    [
      { flags: { cors: "a.example" } },
      `--cors is "a.example"; it may be origins such as https://app.example.com, or "*"`,
    ],
    [{ flags: { cors: "" } }, `--cors is ""; it may be origins such as https://app.example.com, or "*"`],
    [{ flags: { cors: "null" } }, `--cors is "null"; it may be origins such as https://app.example.com, or "*"`],
    [
      { env: { ...ENV, ROOMCAST_CORS_ORIGIN: "*,https://a" } },
      `ROOMCAST_CORS_ORIGIN is "*,https://a"; it may be origins, or "*" alone`,
    ],
    [
      { flags: { logLevel: "loud" } },
      `--log-level is "loud"; it may be fatal, error, warn, info, debug, trace, silent`,
    ],
    [{ env: { ROOMCAST_JWT_SECRET: "hunter2" } }, "ROOMCAST_JWT_SECRET is (hidden); it may be 32 bytes or more"],
    [{ env: { ...ENV, ROOMCAST_API_KEY: "hunter2" } }, "ROOMCAST_API_KEY is (hidden); it may be 24 characters or more"],
    [{ flags: { config: "none.mjs" } }, `--config is "none.mjs"; it may be the path of a file that is there`],
    [
      { env: { ...ENV, ROOMCAST_CONFIG: "none.mjs" } },
      `ROOMCAST_CONFIG is "none.mjs"; it may be the path of a file that is there`,
    ],
    ...["", "http://:hunter2@x", "redis://", "x:6379", "redis://x/keys", "redis://:%hunter2@x"].map(
      (redis): [Given, string] => [
        { flags: { redis } },
        "--redis is (hidden); it may be an address such as redis://host:6379, or rediss:// for TLS",
      ],
    ),
    [
      { env: { ...ENV, ROOMCAST_REDIS_URL: "x" } },
      "ROOMCAST_REDIS_URL is (hidden); it may be an address such as redis://host:6379, or rediss:// for TLS",
    ],
    [
      { flags: { redis: "redis://x", historyFile: "kept" } },
      '--history-file is "kept"; it may be left out only, where Redis is used: it keeps the history of all nodes',
    ],
  ];
  it.each(lines)("%j", async (given, line) => {
    expect(await complaint(given)).toBe(line);
  });
});

describe("a wrong key of the file is one line", () => {
  const issuer = `issuer: "https://a", url: "https://a/keys", audience: "x", tenants: "*"`;
  const right = "anyone, authenticated, owner, roomToken, service, nobody, or a function";
  const keys =
    "port, host, redis, cors, trustProxy, auth, channels, direct, dialects, heartbeat, limits, history, metrics, admin, drainSeconds";
  const lines: readonly [string, string][] = [
    ["5", `the default export is 5; it may be an object of ${keys}`],
    ["null", `the default export is null; it may be an object of ${keys}`],
    ["() => ({})", `the default export is a function; it may be an object of ${keys}`],
    ["Promise.resolve({})", "the default export is a promise; it may be an object; a module may await it before"],
    ["{ prot: 5 }", `prot is not known; it may be one of ${keys}`],
    [
      "{ auth: { jwt: { sekret: 'hunter2' } } }",
      "auth.jwt.sekret is not known; it may be one of secret, issuer, audience, tenantClaim, rolesClaim, maxTokenSeconds, jwks",
    ],
    [
      "{ auth: { jwt: 'hunter2' } }",
      "auth.jwt is (hidden); it may be an object of secret, issuer, audience, tenantClaim, rolesClaim, maxTokenSeconds, jwks",
    ],
    ["{ auth: { jwt: { secret: 'hunter2' } } }", "auth.jwt.secret is (hidden); it may be 32 bytes or more"],
    ["{ auth: { jwt: { secret: 5 } } }", "auth.jwt.secret is (hidden); it may be 32 bytes or more"],
    ["{ auth: { jwt: { maxTokenSeconds: 0 } } }", "auth.jwt.maxTokenSeconds is 0; it may be a whole number, 1 or more"],
    [
      "{ auth: { jwt: { tenantClaim: 'sub' } } }",
      `auth.jwt.tenantClaim is "sub"; it may be the name of a claim that means nothing else`,
    ],
    [
      "{ auth: { jwt: { tenantClaim: 'x', rolesClaim: 'x' } } }",
      `auth.jwt.rolesClaim is "x"; it may be another claim than tenantClaim`,
    ],
    [
      "{ auth: { jwt: { issuer: [] } } }",
      "auth.jwt.issuer is an empty list; it may be an issuer, or a list of them that is not empty",
    ],
    [
      `{ auth: { jwt: { jwks: [{ ${issuer} }, { ${issuer} }] } } }`,
      `auth.jwt.jwks[1].issuer is "https://a"; it may be an issuer that is not in the list before`,
    ],
    [
      `{ auth: { jwt: { jwks: [{ issuer: "i", url: "https://a", tenants: "*" }] } } }`,
      "auth.jwt.jwks[0].audience is missing; it may be the audience of its tokens",
    ],
    [
      `{ auth: { jwt: { jwks: [{ issuer: "i", url: "https://a", audience: "x" }] } } }`,
      `auth.jwt.jwks[0].tenants is missing; it may be "*", or a list of tenants that is not empty`,
    ],
    [
      `{ auth: { jwt: { jwks: [{ ${issuer}, tenants: ["a/b"] }] } } }`,
      `auth.jwt.jwks[0].tenants is a list; it may be "*", or a list of tenants that is not empty`,
    ],
    [
      `{ auth: { jwt: { jwks: [{ ${issuer}, roles: ["root"] }] } } }`,
      `auth.jwt.jwks[0].roles[0] is "root"; it may be a list of client, service, admin, operator that is not empty`,
    ],
    [
      `{ auth: { jwt: { jwks: [{ ${issuer}, algorithms: ["none"] }] } } }`,
      `auth.jwt.jwks[0].algorithms[0] is "none"; it may be RS256, ES256, EdDSA`,
    ],
    [
      `{ auth: { jwt: { jwks: [{ ${issuer}, algorithms: ["HS256"] }] } } }`,
      `auth.jwt.jwks[0].algorithms[0] is "HS256"; it may be RS256, ES256, EdDSA`,
    ],
    [
      `{ auth: { jwt: { jwks: [{ ${issuer}, url: "file:///etc/passwd" }] } } }`,
      "auth.jwt.jwks[0].url is (hidden); it may be an http or https address without user and password",
    ],
    [
      `{ auth: { jwt: { jwks: [{ ${issuer}, url: "https://a:hunter2@b" }] } } }`,
      "auth.jwt.jwks[0].url is (hidden); it may be an http or https address without user and password",
    ],
    [
      `{ auth: { jwt: { jwks: [{ ${issuer}, tenants: [] }] } } }`,
      `auth.jwt.jwks[0].tenants is an empty list; it may be "*", or a list of tenants that is not empty`,
    ],
    [
      `{ auth: { jwt: { jwks: [{ ${issuer}, audience: [] }] } } }`,
      "auth.jwt.jwks[0].audience is an empty list; it may be the audience of its tokens, or a list of them that is not empty",
    ],
    [
      "{ auth: { jwt: { audience: [''] } } }",
      `auth.jwt.audience[0] is ""; it may be an audience, or a list of them that is not empty`,
    ],
    ["{ auth: { anonymous: 'yes' } }", `auth.anonymous is "yes"; it may be true or false`],
    [
      "{ auth: { apiKeys: ['hunter2'] } }",
      "auth.apiKeys[0] is (hidden); it may be an object of sha256, tenants, roles",
    ],
    [
      "{ auth: { apiKeys: [{ sha256: 'hunter2', tenants: '*', roles: ['service'] }] } }",
      "auth.apiKeys[0].sha256 is (hidden); it may be the SHA-256 of the key, 64 hexadecimal digits",
    ],
    ["{ port: '3000' }", `port is "3000"; it may be a whole number from 0 to 65535`],
    ["{ port: 1.5 }", "port is 1.5; it may be a whole number from 0 to 65535"],
    ["{ port: NaN }", "port is NaN; it may be a whole number from 0 to 65535"],
    ["{ host: '' }", `host is ""; it may be a host name or an IP address`],
    ["{ cors: ['*', 'https://a'] }", `cors is a list; it may be origins, or "*" alone`],
    [
      "{ trustProxy: 'loopback' }",
      `trustProxy is "loopback"; it may be true, false, or how many proxies there are, from 1 to 10`,
    ],
    ["{ channels: {} }", "channels is an object; it may be a list of rules, or a contract made by defineChannels"],
    ["{ channels: [{}] }", "channels[0].match is missing; it may be a channel pattern"],
    [
      "{ channels: [{ match: 'a', read: 'anyone' }] }",
      "channels[0].read is not known; it may be one of match, subscribe, presence, history, publish, keep, slow, events",
    ],
    [
      "{ channels: [{ match: 'a', events: {} }] }",
      `channels[0].events is an object; it may be the schemas of events. "events" of the channel "a" must be an object of at least one event`,
    ],
    [
      "{ channels: { definitions: {}, rules: [{ match: 'a', events: { connect: {} } }] } }",
      `channels[0].events is missing; it may be the schemas of events. "connect" of the channel "a" cannot be an event: its name must have 1 to 128 characters, and be none that Socket.IO keeps for itself`,
    ],
    [
      "{ channels: [{ match: 'a', subscribe: 'everyone' }] }",
      `channels[0].subscribe is "everyone"; it may be ${right}`,
    ],
    ["{ channels: [{ match: 'a', subscribe: 'member' }] }", `channels[0].subscribe is "member"; it may be ${right}`],
    [
      "{ channels: [{ match: 'a', keep: true }] }",
      "channels[0].keep is true; it may be false, or { size, seconds } of whole numbers, 1 or more",
    ],
    [
      "{ channels: [{ match: 'a', keep: { size: 1 } }] }",
      "channels[0].keep is an object; it may be false, or { size, seconds } of whole numbers, 1 or more",
    ],
    ["{ channels: [{ match: 'a', slow: 'drop' }] }", `channels[0].slow is "drop"; it may be disconnect, resync`],
    ["{ direct: 'owner' }", `direct is "owner"; it may be anyone, authenticated, service, nobody, or a function`],
    [
      "{ dialects: { klingon: true } }",
      "dialects.klingon is not known; it may be one of native, steedos, twake, plazer",
    ],
    ["{ dialects: { twake: 'yes' } }", `dialects.twake is "yes"; it may be true, false, or its options`],
    ["{ dialects: { native: { x: 1 } } }", "dialects.native.x is not known; it may be left out: there are no options"],
    [
      "{ heartbeat: { intervalSeconds: 0 } }",
      "heartbeat.intervalSeconds is 0; it may be a whole number from 1 to 86400",
    ],
    ["{ limits: { commandBytes: -1 } }", "limits.commandBytes is -1; it may be a whole number, 1 or more"],
    ["{ limits: { connectionsPerUser: -1 } }", "limits.connectionsPerUser is -1; it may be a whole number, 0 or more"],
    ["{ limits: { jsonDepth: 100_000 } }", "limits.jsonDepth is 100000; it may be a whole number from 1 to 1000"],
    [
      "{ limits: { transportBytes: 1000 } }",
      "limits.commandBytes is missing; it may be no more than transportBytes, which is 1000",
    ],
    ["{ metrics: { token: '' } }", "metrics.token is (hidden); it may be a token for /metrics"],
    ["{ metrics: 'hunter2' }", "metrics is (hidden); it may be an object of token"],
    ["{ drainSeconds: Infinity }", "drainSeconds is Infinity; it may be a whole number from 0 to 86400"],
    ["{ host: 'x'.repeat(300) }", `host is "${"x".repeat(60)}…"; it may be a host name or an IP address`],
    [
      "{ cors: '*', auth: { cookie: { getUserByToken: () => null } } }",
      `cors is "*"; it may be a list of origins while cookies log in`,
    ],
    [
      "{ auth: { cookie: { revalidateSeconds: 5 } } }",
      "auth.cookie is (hidden); it may be either getUserByToken or url",
    ],
    [
      "{ dialects: { steedos: true } }",
      "dialects.steedos is true; it may be false, unless auth.cookie says how its users are recognised",
    ],
    [
      "{ dialects: { steedos: { anonymous: 'perhaps' } } }",
      "dialects.steedos is an object; it may be true, false, or its options",
    ],
    [
      "{ dialects: { plazer: { namespace: '/' } } }",
      `dialects.plazer.namespace is "/"; it may be "/events" while the native dialect is on, whose handshakes it would take`,
    ],
    [
      "{ redis: { url: 'http://:hunter2@x' } }",
      "redis.url is (hidden); it may be an address such as redis://host:6379, or rediss:// for TLS",
    ],
    ["{ redis: { prefix: 'a b' } }", `redis.prefix is "a b"; it may be 1 to 64 of A-Z, a-z, 0-9, _, ., : and -`],
    [
      "{ redis: { url: 'redis://x' }, history: { file: 'kept' } }",
      'history.file is "kept"; it may be left out only, where Redis is used: it keeps the history of all nodes',
    ],
    ["{ admin: true }", 'admin is true; it may be false, or { path } with a path such as "/admin"'],
    ...["/admin/", "/", "", "admin", "/a/../b", "/.", "//admin", "/a b", "/a?b", "/%61"].map(
      (path): [string, string] => [
        `{ admin: { path: ${JSON.stringify(path)} } }`,
        `admin.path is ${JSON.stringify(path)}; it may be a path, such as /admin`,
      ],
    ),
    ...["/api", "/api/socket", "/api/x", "/auth/session", "/health", "/health/admin"].map((path): [string, string] => [
      `{ admin: { path: "${path}" } }`,
      `admin.path is "${path}"; it may be a path where REST has nothing, such as /admin`,
    ]),
    ...["/socket.io", "/socket.io/admin", "/socket/admin"].map((path): [string, string] => [
      `{ admin: { path: "${path}" } }`,
      `admin.path is "${path}"; it may be a path where no clients of Socket.IO connect, such as /admin`,
    ]),
    [
      `{ auth: { jwt: { jwks: [{ issuer: "i", url: "https://x", audience: "a", tenants: ["a"], roles: ["operator"] }] } } }`,
      'auth.jwt.jwks[0].tenants is a list; it may be "*" for an issuer of operators, who reach every tenant',
    ],
    [
      `{ auth: { apiKeys: [{ sha256: "${"0".repeat(64)}", tenants: ["a"], roles: ["admin", "operator"] }] } }`,
      'auth.apiKeys[0].tenants is a list; it may be "*" for a key of operators, who reach every tenant',
    ],
  ];
  it.each(lines)("%s", async (file, line) => {
    const message = await complaint({ file });
    expect(message).toBe(`roomcast.config.mjs: ${line}`);
    expect(message).not.toContain("hunter2");
  });

  it("a pattern, with what is wrong with it", async () => {
    const line = await complaint({ file: `{ channels: [{ match: "a:**b" }] }` });
    expect(line).toMatch(
      /^roomcast\.config\.mjs: channels\[0\]\.match is "a:\*\*b"; it may be a channel pattern\. .*\*\* before its end/,
    );
  });

  it.each([
    [
      "that does not parse",
      "export default {",
      /^roomcast\.config\.mjs cannot be read \(\w+: .*\); it may be a module with a default export$/,
    ],
    ["that throws", `throw new Error("oh\\nno");`, /^roomcast\.config\.mjs cannot be read \(Error: oh\); it may be/],
    [
      "without a default export",
      "export const port = 5;",
      /^roomcast\.config\.mjs: the default export is missing; it may be an object of port/,
    ],
  ])("a file %s", async (_name, source, line) => {
    const cwd = await directory(source);
    const error: unknown = await loadConfig({ env: ENV, cwd }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).message).toMatch(line);
  });
});

describe("whatever the environment", () => {
  it("is a configuration or a ConfigError of one line that tells no secret", async () => {
    const cwd = await directory();
    const value = fc.option(fc.string({ unit: "binary" }), { nil: undefined });
    const env = fc.record({
      ROOMCAST_PORT: value,
      ROOMCAST_HOST: value,
      ROOMCAST_CORS_ORIGIN: value,
      ROOMCAST_LOG_LEVEL: value,
      ROOMCAST_JWT_SECRET: value.map((text) => text && `hunter2${text}`),
      ROOMCAST_API_KEY: value.map((text) => text && `hunter2${text}`),
    });
    await fc.assert(
      fc.asyncProperty(env, async (variables) => {
        try {
          expect(Object.isFrozen(await loadConfig({ env: variables, cwd }))).toBe(true);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(ConfigError);
          expect((thrown as ConfigError).message).not.toMatch(/[\n\r]|hunter2/);
        }
      }),
    );
  });
});

import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, describe, expect, it } from "vitest";
import { unique, useTarget } from "./suite.ts";
import { seconds, sign, signByKey } from "./tokens.ts";

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const ed = generateKeyPairSync("ed25519");
const stranger = generateKeyPairSync("rsa", { modulusLength: 2048 });

const jwk = (key: KeyObject, kid: string): object => ({ ...key.export({ format: "jwk" }), kid, use: "sig" });
const KEYS: Readonly<Record<string, object[]>> = {
  "/one": [jwk(rsa.publicKey, "rsa"), jwk(ec.publicKey, "ec"), jwk(ed.publicKey, "ed")],
  "/two": [jwk(rsa.publicKey, "rsa-of-two")],
  "/three": [],
  "/target": [jwk(rsa.publicKey, "rsa")],
};

/** How often each path was asked for. */
const asked = new Map<string, number>();
let server: Server | undefined;
let keyUrl = "";

const suite = useTarget("issuers", {
  env: async () => {
    server = createServer((request, response) => {
      const path = request.url ?? "";
      asked.set(path, (asked.get(path) ?? 0) + 1);
      if (path === "/moved") response.writeHead(302, { Location: "/target" }).end();
      else response.setHeader("Content-Type", "application/json").end(JSON.stringify({ keys: KEYS[path] ?? [] }));
    });
    const asPort = Number(process.env["ROOMCAST_TARGET_ISSUER_PORT"] ?? "0");
    await new Promise<void>((resolve) => server?.listen(asPort, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    keyUrl = `http://127.0.0.1:${port}`;
    return { ROOMCAST_TARGET_ISSUER_PORT: String(port) };
  },
});

/** Each node has key sets of its own. */
const nodes = (): number => suite.target.urls.length;
afterAll(() => server?.close());

interface TokenOptions {
  readonly key?: KeyObject;
  readonly algorithm?: string;
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims?: Readonly<Record<string, unknown>>;
}

function token({
  key = rsa.privateKey,
  algorithm = "RS256",
  header = { kid: "rsa" },
  claims = {},
}: TokenOptions = {}): string {
  const now = seconds();
  const usual = {
    iss: "https://one.example",
    aud: "conformance",
    sub: "ann",
    workspace: "blue",
    iat: now,
    exp: now + 600,
  };
  return signByKey({ ...usual, ...claims }, { key, algorithm, header });
}

describe("2. tokens of issuers with key sets", () => {
  it.each([
    ["RS256", "rsa", rsa.privateKey],
    ["ES256", "ec", ec.privateKey],
    ["EdDSA", "ed", ed.privateKey],
  ] as const)("takes %s through the configured address", async (algorithm, kid, key) => {
    const client = await suite.connect({ token: token({ key, algorithm, header: { kid } }) });
    expect(client.session).toMatchObject({ userId: "ann", tenantId: "blue" });
  });

  it("takes the tenants and roles that the entry lists", async () => {
    await suite.connect({ token: token({ claims: { workspace: "green" } }) });
    const two = { iss: "https://two.example", workspace: unique("t-"), duties: ["service"] };
    const service = await suite.connect({ token: token({ header: { kid: "rsa-of-two" }, claims: two }) });
    await service.ok("publish", { channel: "c", event: "e" });
  });

  it.each<[string, TokenOptions]>([
    ["a tenant beyond the entry's", { claims: { workspace: "red" } }],
    ["no tenant", { claims: { workspace: undefined } }],
    [
      "the tenant in another claim than the configured one",
      { claims: { workspace: undefined, tenantId: "blue", orgId: "blue" } },
    ],
    ["a malformed tenant", { claims: { workspace: ["blue"] } }],
    ["a role beyond the entry's", { claims: { duties: ["service"] } }],
    ["a role beyond the entry's, beside one within", { claims: { duties: ["client", "admin"] } }],
    ["another audience", { claims: { aud: "another" } }],
    ["no audience", { claims: { aud: undefined } }],
    ["an issuer that is not listed", { claims: { iss: "https://evil.example" } }],
    ["no issuer", { claims: { iss: undefined } }],
    ["an issuer that is a list", { claims: { iss: ["https://one.example"] } }],
    ["another issuer's key", { claims: { iss: "https://two.example" }, header: { kid: "rsa" } }],
    ["a key that is not listed", { key: stranger.privateKey }],
    ["no key id, and a key that is not listed", { key: stranger.privateKey, header: {} }],
    ["a key id that is no text", { header: { kid: 7 } }],
    ["RS256 by an ES256 key's id", { header: { kid: "ec" } }],
    ["ES256 by an RSA key's id", { key: ec.privateKey, algorithm: "ES256", header: { kid: "rsa" } }],
    ["no `sub`", { claims: { sub: undefined } }],
    ["no `exp`", { claims: { exp: undefined } }],
    ["a life of more than 31 days", { claims: { exp: seconds() + 32 * 86_400 } }],
    ["the room-token audience", { claims: { aud: ["conformance", "roomcast:room"] } }],
  ])("refuses a token with %s", async (_, options) => {
    await suite.expectRefused({ token: token(options) }, "UNAUTHENTICATED");
  });

  it("refuses an HMAC made with a public key", async () => {
    const secret = rsa.publicKey.export({ format: "pem", type: "spki" });
    const now = seconds();
    const claims = {
      iss: "https://one.example",
      aud: "conformance",
      sub: "ann",
      workspace: "blue",
      iat: now,
      exp: now + 600,
    };
    for (const algorithm of ["HS256", "RS256"]) {
      await suite.expectRefused(
        { token: sign(claims, { secret, algorithm, header: { kid: "rsa" } }) },
        "UNAUTHENTICATED",
      );
    }
  });

  it("refuses an expired one with TOKEN_EXPIRED", async () => {
    await suite.expectRefused(
      { token: token({ claims: { iat: seconds() - 100, exp: seconds() - 50 } }) },
      "TOKEN_EXPIRED",
    );
  });

  it("asks no address that a token names", async () => {
    const before = [...asked.values()].reduce((sum, n) => sum + n, 0);
    const header = {
      kid: "stranger",
      jku: `${keyUrl}/evil`,
      x5u: `${keyUrl}/evil`,
      jwk: stranger.publicKey.export({ format: "jwk" }),
    };
    await suite.expectRefused(
      { token: token({ key: stranger.privateKey, header, claims: { iss: `${keyUrl}/evil` } }) },
      "UNAUTHENTICATED",
    );
    await suite.expectRefused(
      { token: token({ key: stranger.privateKey, header: { ...header, kid: `${keyUrl}/evil` } }) },
      "UNAUTHENTICATED",
    );
    expect(asked.get("/evil")).toBeUndefined();
    expect([...asked.values()].reduce((sum, n) => sum + n, 0)).toBeLessThanOrEqual(before + nodes());
  });

  it("fetches again for an unknown key id, and at most every 30 s", async () => {
    // Any test before this one may have used the one time that each node has.
    for (let n = 0; n < 20; n++)
      await suite.expectRefused({ token: token({ header: { kid: `unknown-${n}` } }) }, "UNAUTHENTICATED");
    expect(asked.get("/one")).toBeLessThanOrEqual(2 * nodes());
    await suite.connect({ token: token() });
    expect(asked.get("/one")).toBeLessThanOrEqual(2 * nodes());
  });

  it("learns a new key by its unknown key id", async () => {
    const fresh = generateKeyPairSync("ec", { namedCurve: "P-256" });
    KEYS["/three"]?.push(jwk(fresh.publicKey, "fresh"), jwk(rsa.publicKey, "rsa"));
    const claims = { iss: "https://three.example", workspace: unique("t-") };
    await suite.connect({
      token: token({ key: fresh.privateKey, algorithm: "ES256", header: { kid: "fresh" }, claims }),
    });
    // Its other key is of an algorithm that the entry does not list.
    await suite.expectRefused({ token: token({ claims }) }, "UNAUTHENTICATED");
  });

  it("follows no redirect", async () => {
    const { data } = await suite.refusal({ token: token({ claims: { iss: "https://moved.example" } }) });
    expect(["UNAVAILABLE", "UNAUTHENTICATED"]).toContain((data as { code: string }).code);
    expect(asked.get("/moved")).toBeGreaterThan(0);
    expect(asked.get("/target")).toBeUndefined();
  });

  it("takes tokens of the shared secret beside them, with the tenant in the configured claim alone", async () => {
    const claims = { iss: undefined, tenantId: undefined, sub: "ann", iat: seconds(), exp: seconds() + 60 };
    const client = await suite.connect({ token: sign({ ...claims, workspace: "any" }, { secret: suite.secret }) });
    expect(client.session.tenantId).toBe("any");
    await suite.expectRefused(
      { token: sign({ ...claims, tenantId: "any" }, { secret: suite.secret }) },
      "UNAUTHENTICATED",
    );
  });
});

import { ManualClock } from "@roomcast/core/testing";
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from "jose";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { JwksEntry } from "./jwks.ts";
import { JwtAuthenticator, type JwtOptions } from "./jwt.ts";

const ISSUER = "https://issuer.test";
const START = 1_700_000_000_000;

interface Pair {
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
  readonly alg: string;
}

async function pair(alg: string, kid: string | undefined, extra: JWK = {}): Promise<Pair> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  return { privateKey, alg, jwk: { ...(await exportJWK(publicKey)), ...(kid === undefined ? {} : { kid }), ...extra } };
}

/** What the issuers' server answers with, and how often it was asked. */
let listed: readonly JWK[];
let requests: number;
let answer: RequestListener;
let server: Server;
let url: string;
let clock: ManualClock;

beforeEach(async () => {
  listed = [];
  requests = 0;
  clock = new ManualClock(START);
  answer = (_request, response) => {
    response.setHeader("content-type", "application/json").end(JSON.stringify({ keys: listed }));
  };
  server = createServer((request, response) => {
    requests++;
    answer(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
});

afterEach(async () => {
  server.closeAllConnections();
  if (server.listening) await new Promise((resolve) => server.close(resolve));
});

function authenticator(entry: Partial<JwksEntry> = {}, options: Partial<JwtOptions> = {}): JwtAuthenticator {
  return new JwtAuthenticator({
    jwks: [{ issuer: ISSUER, url, audience: "roomcast", tenants: "*", ...entry }],
    clock,
    ...options,
  });
}

function sign(by: Pair, claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}): Promise<string> {
  const now = Math.floor(clock.now() / 1000);
  return new SignJWT({
    iss: ISSUER,
    aud: "roomcast",
    sub: "alice",
    tenantId: "acme",
    iat: now,
    exp: now + 7200,
    ...claims,
  })
    .setProtectedHeader({ alg: by.alg, ...(by.jwk.kid === undefined ? {} : { kid: by.jwk.kid }), ...header })
    .sign(by.privateKey);
}

async function code(by: JwtAuthenticator, token: string): Promise<string> {
  return await by.authenticate({ kind: "token", token }).then(
    () => "accepted",
    (thrown: { code?: string }) => thrown.code ?? "an error of another kind",
  );
}

describe("keys of an issuer", () => {
  it.each(["RS256", "ES256", "EdDSA"])("%s verifies what its key signed, fetched once", async (alg) => {
    const key = await pair(alg, "k1");
    listed = [key.jwk];
    const auth = authenticator();
    const found = await auth.authenticate({ kind: "token", token: await sign(key) });
    expect(found.principal).toMatchObject({ userId: "alice", tenantId: "acme", roles: ["client"] });
    expect(await code(auth, await sign(key))).toBe("accepted");
    expect(requests).toBe(1);
  });

  it("are fetched once for many tokens at once", async () => {
    const key = await pair("ES256", "k1");
    listed = [key.jwk];
    const auth = authenticator();
    const tokens = await Promise.all(Array.from({ length: 30 }, () => sign(key)));
    expect(new Set(await Promise.all(tokens.map((token) => code(auth, token))))).toEqual(new Set(["accepted"]));
    expect(requests).toBe(1);
  });

  it("can be fetched ahead of the first token", async () => {
    const key = await pair("ES256", "k1");
    listed = [key.jwk];
    const auth = authenticator();
    await auth.prepare();
    expect(requests).toBe(1);
    expect(await code(auth, await sign(key))).toBe("accepted");
    expect(requests).toBe(1);
    answer = (_request, response) => response.writeHead(500).end();
    await authenticator().prepare();
  });

  it("without kid: the only key of the algorithm is meant, and of two none", async () => {
    const [ec, rsa, other] = await Promise.all([pair("ES256", undefined), pair("RS256", "r"), pair("ES256", "e2")]);
    listed = [ec.jwk, rsa.jwk];
    expect(await code(authenticator(), await sign(ec))).toBe("accepted");
    listed = [ec.jwk, rsa.jwk, other.jwk];
    expect(await code(authenticator(), await sign(ec))).toBe("UNAUTHENTICATED");
    expect(await code(authenticator(), await sign(other))).toBe("accepted");
  });

  it("that are of no use do not spoil the others", async () => {
    const [good, es384, encrypting, signing, wrongAlg] = await Promise.all([
      pair("ES256", "good"),
      pair("ES384", "es384"),
      pair("RS256", "enc", { use: "enc" }),
      pair("ES256", "ops", { key_ops: ["sign"] }),
      pair("RS256", "ps", { alg: "PS256" }),
    ]);
    const bad = [
      null,
      5,
      "x",
      [],
      {},
      { kty: "EC", crv: "P-256", kid: "m" },
      { ...good.jwk, kid: 5 },
    ] as unknown as JWK[];
    const secret: JWK = { kty: "oct", kid: "oct", k: Buffer.from("x".repeat(32)).toString("base64url") };
    listed = [...bad, secret, es384.jwk, encrypting.jwk, signing.jwk, wrongAlg.jwk, good.jwk];
    const auth = authenticator();
    expect(await code(auth, await sign(good))).toBe("accepted");
    for (const key of [es384, encrypting, signing, wrongAlg])
      expect(await code(auth, await sign(key))).toBe("UNAUTHENTICATED");
  });

  it("that show their private half are not used", async () => {
    const key = await pair("ES256", "k1");
    listed = [{ ...(await exportJWK(key.privateKey)), kid: "k1" }];
    expect(await code(authenticator(), await sign(key))).toBe("UNAUTHENTICATED");
  });
});

describe("a token of an issuer", () => {
  const refused: readonly [string, Record<string, unknown>, Partial<JwksEntry>?, Partial<JwtOptions>?][] = [
    ["another issuer", { iss: "https://other.test" }],
    ["an issuer that is no text", { iss: [ISSUER] }],
    ["no issuer", { iss: undefined }],
    ["another audience", { aud: "other" }],
    ["no audience", { aud: undefined }],
    ["the audience of room tokens", { aud: ["roomcast", "roomcast:room"] }],
    ["a tenant beyond its entry", {}, { tenants: ["other"] }],
    ["no tenant", { tenantId: undefined }],
    ["a role beyond the default", { permissions: ["service"] }],
    ["a role beyond its entry", { permissions: ["client", "admin"] }, { roles: ["client", "service"] }],
    ["the role client where its entry has it not", {}, { roles: ["service"] }],
    [
      "the role of operators, who reach more tenants than its entry",
      { tenantId: "a", permissions: ["operator"] },
      { tenants: ["a"], roles: ["operator"] },
    ],
    ["an algorithm beyond its entry", {}, { algorithms: ["RS256", "EdDSA"] }],
    ["a life that is too long", {}, {}, { maxTokenSeconds: 60 }],
    ["a tenant elsewhere than in the configured claim", {}, {}, { tenantClaim: "org" }],
  ];
  it.each(refused)("with %s is refused", async (_name, claims, entry, options) => {
    const key = await pair("ES256", "k1");
    listed = [key.jwk];
    expect(await code(authenticator(entry, options), await sign(key, claims))).toBe("UNAUTHENTICATED");
  });

  it("may carry what its entry says", async () => {
    const key = await pair("ES256", "k1");
    listed = [key.jwk];
    const auth = authenticator({
      tenants: ["a", "b"],
      roles: ["client", "service"],
      audience: ["x", "y"],
      algorithms: ["ES256"],
    });
    expect(await code(auth, await sign(key, { tenantId: "b", permissions: ["service"], aud: "y" }))).toBe("accepted");
    const all = authenticator({ roles: ["operator"] });
    expect(await code(all, await sign(key, { tenantId: "b", permissions: ["operator"] }))).toBe("accepted");
  });

  it("that has expired is TOKEN_EXPIRED", async () => {
    const key = await pair("ES256", "k1");
    listed = [key.jwk];
    const token = await sign(key, { exp: clock.now() / 1000 + 60 });
    const auth = authenticator();
    await clock.advance(65_000);
    expect(await code(auth, token)).toBe("TOKEN_EXPIRED");
  });

  it("signed by another key of the same kid is refused", async () => {
    const [key, forged] = await Promise.all([pair("ES256", "k1"), pair("ES256", "k1")]);
    listed = [key.jwk];
    expect(await code(authenticator(), await sign(forged))).toBe("UNAUTHENTICATED");
  });

  it("whose algorithm is not its key's is refused, and nothing is fetched for it", async () => {
    const [key, rsa] = await Promise.all([pair("ES256", "k1"), pair("RS256", "k1")]);
    listed = [key.jwk];
    const auth = authenticator();
    expect(await code(auth, await sign(key))).toBe("accepted");
    expect(await code(auth, await sign(rsa))).toBe("UNAUTHENTICATED");
    expect(requests).toBe(1);
  });

  it("signed as HS256 with the public key is refused, with a shared secret and without", async () => {
    const key = await pair("RS256", "k1");
    listed = [key.jwk];
    const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
    const claims = { iss: ISSUER, aud: "roomcast", sub: "alice", tenantId: "acme", exp: START / 1000 + 60 };
    const signed = `${encode({ alg: "HS256", kid: "k1" })}.${encode(claims)}`;
    const forged = `${signed}.${createHmac("sha256", JSON.stringify(key.jwk)).update(signed).digest("base64url")}`;
    expect(await code(authenticator(), forged)).toBe("UNAUTHENTICATED");
    expect(await code(authenticator({}, { secret: "x".repeat(32) }), forged)).toBe("UNAUTHENTICATED");
    expect(requests).toBe(0);
  });

  it("cannot say where its keys are", async () => {
    const [key, forged] = await Promise.all([pair("ES256", "k1"), pair("ES256", "evil")]);
    listed = [key.jwk];
    let asked = 0;
    const evil = createServer((_request, response) => {
      asked++;
      response.end(JSON.stringify({ keys: [forged.jwk] }));
    });
    evil.listen(0, "127.0.0.1");
    await once(evil, "listening");
    const address = `http://127.0.0.1:${(evil.address() as AddressInfo).port}/keys`;
    const token = await sign(forged, { iss: address }, { jku: address, x5u: address, jwk: forged.jwk });
    expect(await code(authenticator(), token)).toBe("UNAUTHENTICATED");
    expect(await code(authenticator(), await sign(forged, {}, { jku: address, x5u: address, jwk: forged.jwk }))).toBe(
      "UNAUTHENTICATED",
    );
    expect(asked).toBe(0);
    await new Promise((resolve) => evil.close(resolve));
  });
});

describe("a kid that is not known", () => {
  it("has the keys fetched again, at most every 30 s", async () => {
    const [first, second, third] = await Promise.all([pair("ES256", "k1"), pair("ES256", "k2"), pair("ES256", "k3")]);
    listed = [first.jwk];
    const auth = authenticator();
    expect(await code(auth, await sign(first))).toBe("accepted");
    listed = [first.jwk, second.jwk];
    expect(await code(auth, await sign(second))).toBe("accepted");
    expect(requests).toBe(2);
    listed = [second.jwk, third.jwk];
    for (let i = 0; i < 50; i++) expect(await code(auth, await sign(third))).toBe("UNAUTHENTICATED");
    await clock.advance(29_999);
    expect(await code(auth, await sign(third))).toBe("UNAUTHENTICATED");
    expect(requests).toBe(2);
    await clock.advance(1);
    expect(await code(auth, await sign(third))).toBe("accepted");
    expect(requests).toBe(3);
    // The new set replaced the old one.
    expect(await code(auth, await sign(first))).toBe("UNAUTHENTICATED");
    expect(requests).toBe(3);
  });

  it("in the first token of all costs one request", async () => {
    const [first, second] = await Promise.all([pair("ES256", "k1"), pair("ES256", "k2")]);
    listed = [first.jwk];
    expect(await code(authenticator(), await sign(second))).toBe("UNAUTHENTICATED");
    expect(requests).toBe(1);
  });

  it("is UNAVAILABLE while the issuer is away, and known ones are served on", async () => {
    const [first, second] = await Promise.all([pair("ES256", "k1"), pair("ES256", "k2")]);
    listed = [first.jwk];
    const auth = authenticator();
    expect(await code(auth, await sign(first))).toBe("accepted");
    answer = (_request, response) => response.writeHead(503).end();
    for (let i = 0; i < 5; i++) expect(await code(auth, await sign(second))).toBe("UNAVAILABLE");
    expect(requests).toBe(2);
    expect(await code(auth, await sign(first))).toBe("accepted");
  });
});

describe("keys grow old", () => {
  it("and are fetched again in passing after 10 minutes", async () => {
    const [first, second] = await Promise.all([pair("ES256", "k1"), pair("ES256", "k2")]);
    listed = [first.jwk];
    const auth = authenticator();
    expect(await code(auth, await sign(first))).toBe("accepted");
    listed = [second.jwk];
    await clock.advance(10 * 60_000);
    expect(await code(auth, await sign(first))).toBe("accepted");
    await vi.waitFor(async () => expect(await code(auth, await sign(first))).toBe("UNAUTHENTICATED"));
    expect(await code(auth, await sign(second))).toBe("accepted");
  });

  it("and are not used after an hour in which the issuer was away", async () => {
    const key = await pair("ES256", "k1");
    listed = [key.jwk];
    const auth = authenticator();
    const token = await sign(key);
    expect(await code(auth, token)).toBe("accepted");
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await clock.advance(60 * 60_000 - 1);
    expect(await code(auth, token)).toBe("accepted");
    await clock.advance(1);
    expect(await code(auth, token)).toBe("UNAVAILABLE");
  });
});

describe("an issuer that is away", () => {
  const answers: readonly [string, RequestListener][] = [
    ["answers 500", (_request, response) => response.writeHead(500).end("no")],
    ["answers 404 with keys", (_request, response) => response.writeHead(404).end(JSON.stringify({ keys: listed }))],
    ["answers no JSON", (_request, response) => response.end("<html>")],
    ["answers null", (_request, response) => response.end("null")],
    ["answers something else", (_request, response) => response.end(JSON.stringify({ keys: "x" }))],
    [
      "answers too much",
      (_request, response) => response.end(JSON.stringify({ keys: listed, x: "x".repeat(256 * 1024) })),
    ],
    [
      "breaks off",
      (_request, response) => response.writeHead(200, { "content-length": "100" }).write("{", () => response.destroy()),
    ],
  ];
  it.each(answers)("because it %s: UNAVAILABLE", async (_name, listener) => {
    const key = await pair("ES256", "k1");
    listed = [key.jwk];
    const usual = answer;
    answer = listener;
    const auth = authenticator();
    expect(await code(auth, await sign(key))).toBe("UNAVAILABLE");
    expect(await code(auth, await sign(key))).toBe("UNAVAILABLE");
    expect(requests).toBe(1);
    answer = usual;
    await clock.advance(1000);
    expect(await code(auth, await sign(key))).toBe("accepted");
  });

  it("because it is not there: UNAVAILABLE, and its address is not told", async () => {
    const key = await pair("ES256", "k1");
    await new Promise((resolve) => server.close(resolve));
    const error: unknown = await authenticator()
      .verify(await sign(key))
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "UNAVAILABLE", retryable: true });
    expect(String(error)).not.toContain("127.0.0.1");
  });

  it("because it sends elsewhere: nobody goes there", async () => {
    const key = await pair("ES256", "k1");
    listed = [key.jwk];
    const usual = answer;
    const paths: (string | undefined)[] = [];
    answer = (request, response) => {
      paths.push(request.url);
      if (request.url === "/elsewhere") usual(request, response);
      else response.writeHead(302, { location: "/elsewhere" }).end();
    };
    expect(await code(authenticator(), await sign(key))).toBe("UNAVAILABLE");
    expect(paths).toEqual(["/keys"]);
  });

  it("because it hangs: UNAVAILABLE after 5 s, others undisturbed, and no more than 32 wait", async () => {
    const key = await pair("ES256", "k1");
    listed = [key.jwk];
    const usual = answer;
    let hanging = 0;
    answer = (request, response) => {
      if (request.url === "/keys") usual(request, response);
      // One that never ends its answer is as bad as one that never begins.
      else if (hanging++ === 0) response.writeHead(200).write("{");
    };
    const slow = "https://slow.test";
    const auth = new JwtAuthenticator({
      clock,
      jwks: [
        { issuer: slow, url: url.replace("/keys", "/hangs"), audience: "roomcast", tenants: "*" },
        { issuer: ISSUER, url, audience: "roomcast", tenants: "*" },
      ],
    });
    const token = await sign(key, { iss: slow });
    const codes: string[] = [];
    const waiting = Array.from({ length: 40 }, async () => codes.push(await code(auth, token)));
    await vi.waitFor(() => expect(codes).toHaveLength(8));
    expect(await code(auth, await sign(key))).toBe("accepted");
    await vi.waitFor(() => expect(hanging).toBe(1));
    await clock.advance(4999);
    expect(await code(auth, await sign(key))).toBe("accepted");
    expect(codes).toHaveLength(8);
    await clock.advance(1);
    await Promise.all(waiting);
    expect(new Set(codes)).toEqual(new Set(["UNAVAILABLE"]));
    expect(hanging).toBe(1);
  });
});

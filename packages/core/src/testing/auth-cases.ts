import { GatewayError, type Credentials, type ErrorCode } from "@roomcast/protocol";
import type { Authenticator, Revocations } from "../auth.ts";
import { casesFor, check, rejects, same, until, type ConformanceCase } from "./cases.ts";

/** An authenticator, and credentials of which one knows what it should say to them. */
export interface AuthenticatorSubject {
  readonly authenticator: Authenticator;
  /** Credentials that it accepts, and who they are. */
  readonly accepted: readonly {
    readonly credentials: Credentials;
    readonly userId: string | null;
    readonly tenantId: string;
  }[];
  /** Credentials that it refuses, and with what. */
  readonly refused: readonly { readonly credentials: Credentials; readonly code: ErrorCode }[];
  close(): Promise<void>;
}

const CODES: readonly ErrorCode[] = ["UNAUTHENTICATED", "TOKEN_EXPIRED", "UNAVAILABLE"];

/** What a client may send as a token: anything that JSON has. */
const NONSENSE: readonly unknown[] = [
  "",
  " ",
  "null",
  "a.b.c",
  "..",
  "\u0000\ud800\u200b",
  "x".repeat(100_000),
  0,
  -1,
  true,
  [],
  ["a"],
  {},
  JSON.parse('{"__proto__":{"userId":"admin"},"constructor":1,"toString":2}'),
];

/** Every sentence of the contract of `Authenticator`. */
export function authenticatorCases(make: () => Promise<AuthenticatorSubject>): readonly ConformanceCase[] {
  const recognises = async ({ authenticator, accepted }: AuthenticatorSubject): Promise<void> => {
    for (const { credentials, userId, tenantId } of accepted) {
      const { principal } = await authenticator.authenticate(credentials);
      same([principal.userId, principal.tenantId], [userId, tenantId], "who it is");
      same(principal.anonymous, userId === null, "only visitors have no user id");
      check(Array.isArray(principal.roles), "roles are a list");
      check(typeof principal.grants === "object", "grants are an object");
    }
  };
  const refuses = async ({ authenticator, refused }: AuthenticatorSubject): Promise<void> => {
    for (const { credentials, code } of refused) {
      check(CODES.includes(code), `${code} is no code of an authenticator`);
      await rejects(call(authenticator, credentials), [code], "credentials that are not accepted");
    }
  };
  return casesFor(make, {
    "recognises what it accepts": recognises,
    "refuses the rest with a code that clients know": refuses,
    "says the same however often it is asked": async (subject) => {
      for (let i = 0; i < 3; i++) {
        await recognises(subject);
        await refuses(subject);
      }
    },
    "says the same to many at once": async (subject) => {
      const asked = Array.from({ length: 20 }, (_, n) => (n % 3 === 0 ? refuses(subject) : recognises(subject)));
      await Promise.all(asked);
    },
    "settles for nonsense, with nobody or with an error, and works afterwards": async (subject) => {
      const nonsense: Credentials[] = NONSENSE.map((token) => ({ kind: "token", token }));
      nonsense.push({ kind: "none" }, { kind: "cookies", tenantId: "default", token: "nothing" });
      for (const credentials of nonsense) {
        try {
          const { principal } = await call(subject.authenticator, credentials);
          const known = subject.accepted.some(({ userId }) => userId === principal.userId);
          check(known, `nonsense was taken for ${JSON.stringify(principal.userId)}`);
        } catch (thrown) {
          if (!(thrown instanceof GatewayError)) throw thrown;
          check(CODES.includes(thrown.code), `${thrown.code} is no code of an authenticator`);
        }
      }
      await recognises(subject);
    },
    "never tells a token in its errors": async ({ authenticator, refused }) => {
      for (const { credentials } of refused) {
        const error = await rejects(call(authenticator, credentials), CODES, "credentials that are not accepted");
        const token = credentials.kind === "token" ? credentials.token : undefined;
        if (typeof token !== "string" || token.length < 8) continue;
        check(!JSON.stringify(error.toWire()).includes(token), "the error tells the token");
      }
    },
  });
}

/** An authenticator may throw as well as reject. */
async function call(authenticator: Authenticator, credentials: Credentials) {
  return await authenticator.authenticate(credentials);
}

export interface RevocationsSubject {
  readonly revocations: Revocations;
  /** The same as another node sees it; the same object where one process is all there is. */
  readonly other: Revocations;
  now(): number;
  close(): Promise<void>;
}

/** Every sentence of the contract of `Revocations`. */
export function revocationsCases(make: () => Promise<RevocationsSubject>): readonly ConformanceCase[] {
  return casesFor(make, {
    "knows of no revocation at first": async ({ revocations }) => {
      same(await revocations.revokedAt("acme", "ann"), undefined, "when");
    },
    "tells the moment on every node": async ({ revocations, other, now }) => {
      const at = now();
      await revocations.revoke("acme", "ann", at);
      same(await revocations.revokedAt("acme", "ann"), at, "when");
      await until(async () => (await other.revokedAt("acme", "ann")) === at, "the moment at another node");
    },
    "tells the last moment of several": async ({ revocations, now }) => {
      const at = now();
      await revocations.revoke("acme", "ann", at - 2000);
      await revocations.revoke("acme", "ann", at);
      same(await revocations.revokedAt("acme", "ann"), at, "when");
    },
    "concerns one user of one tenant": async ({ revocations, now }) => {
      await revocations.revoke("acme", "ann", now());
      const others = [
        ["acme", "Ann"],
        ["acme2", "ann"],
        ["other", "ann"],
        ["acme", "ann/b"],
        ["acme", "acme/ann"],
      ] as const;
      for (const [tenant, user] of others)
        same(await revocations.revokedAt(tenant, user), undefined, `${tenant} ${user}`);
    },
    "keeps users apart whose ids hold separators": async ({ revocations, now }) => {
      const users = ["a:b", "a/b", "a.b", "john.doe@x.com", "__proto__", "żółw", "a|b", "session a", "a"];
      for (const [n, user] of users.entries()) await revocations.revoke("acme", user, now() + n);
      for (const [n, user] of users.entries()) same(await revocations.revokedAt("acme", user), now() + n, user);
    },
  });
}

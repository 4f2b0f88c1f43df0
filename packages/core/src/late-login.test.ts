import { GatewayError, nativeDialect, type Dialect, type Principal } from "@roomcast/protocol";
import { describe, expect, it } from "vitest";
import type { Authenticator } from "./auth.ts";
import { MemoryPresenceStore } from "./memory-presence.ts";
import { TestGateway, testPrincipal, trustingAuthenticator } from "./testing/index.ts";

/** The native dialect, with a login afterwards: `login { token }`. */
const late: Dialect = {
  ...nativeDialect,
  name: "late",
  login: "late",
  greeting: () => [],
  decode: (frame) =>
    frame[0] === "login"
      ? { kind: "command", event: "login", command: { type: "login", token: frame[1] } }
      : nativeDialect.decode(frame),
};

describe("a session that logs in late", () => {
  it("is nobody until it has, and then like any other", async () => {
    const test = new TestGateway();
    const client = test.open(late);
    expect(await client.request("subscribe", { topic: "a" })).toMatchObject({ error: { code: "UNAUTHENTICATED" } });
    expect((await test.gateway.connections("default")).total).toBe(0);

    expect(await client.request("login", testPrincipal())).toEqual({ ok: true, expiresAt: null });
    expect((await test.gateway.connections("default")).total).toBe(1);
    expect(await client.request("subscribe", { topic: "a" })).toMatchObject({ ok: true });
    client.leave();
    expect((await test.gateway.connections("default")).total).toBe(0);
  });

  it("is told why its first login failed, and sent away", async () => {
    const refusing: Authenticator = { authenticate: trustingAuthenticator.authenticate };
    const test = new TestGateway({ auth: refusing });
    const client = test.open(late);
    expect(await client.request("login", { userId: "" })).toMatchObject({ error: { code: "UNAUTHENTICATED" } });
    expect(client.closed).toBe("stay-away");
  });

  it("is sent away when it does not log in in time, and not when it has", async () => {
    const test = new TestGateway({ limits: { loginSeconds: 10 } });
    const [idle, quick] = [test.open(late), test.open(late)];
    await quick.request("login", testPrincipal());
    await test.advance(9_999);
    expect(idle.closed).toBeUndefined();
    await test.advance(1);
    expect(idle.closed).toBe("stay-away");
    expect(quick.closed).toBeUndefined();
  });

  it("may log in again as the same user only", async () => {
    const test = new TestGateway();
    const client = test.open(late);
    await client.request("login", testPrincipal());
    const other = await client.request("login", testPrincipal({ userId: "bob" }));
    expect(other).toMatchObject({ error: { code: "FORBIDDEN" } });
    expect(await client.request("login", testPrincipal({ expiresAt: test.clock.now() + 90_000 }))).toMatchObject({
      ok: true,
    });
    await test.advance(90_000);
    expect(client.closed).toBe("reconnect");
  });

  it("is ended when it could not be put where it belongs, rather than to miss things there", async () => {
    const presence = new MemoryPresenceStore();
    const auth: Authenticator = {
      authenticate: async (credentials) => ({
        ...(await trustingAuthenticator.authenticate(credentials)),
        channels: ["given"],
      }),
    };
    const test = new TestGateway({ auth, presence });
    const put = presence.put.bind(presence);
    presence.put = (address, member) =>
      address.name === "given"
        ? Promise.reject(new GatewayError("UNAVAILABLE", "The store is away"))
        : put(address, member);
    const client = test.open(late);
    client.send("login", testPrincipal());
    await test.settle();
    expect(client.closed).toBe("reconnect");
    expect((await test.gateway.connections("default")).total).toBe(0);
  });

  it("watches nothing of a session whose user was revoked while it logged in", async () => {
    const test = new TestGateway();
    const admission = await test.gateway.admit({
      kind: "token",
      token: testPrincipal({ issuedAt: test.clock.now() - 1000, expiresAt: test.clock.now() + 3_600_000 }),
    });
    await test.gateway.revoke("default", "alice");
    const before = test.clock.pending;
    const client = test.open(late, admission);
    expect(client.closed).toBe("stay-away");
    expect(client.frames.map(([event]) => event)).toEqual(["closing"]);
    await test.settle();
    // Only what keeps the user's rate for a moment.
    expect(test.clock.pending).toBeLessThanOrEqual(before + 1);
  });

  it("lets little wait for a login that takes its time", async () => {
    let answer = (): void => undefined;
    const slow: Authenticator = {
      authenticate: async (credentials) => {
        await new Promise<void>((resolve) => (answer = resolve));
        return await trustingAuthenticator.authenticate(credentials);
      },
    };
    const test = new TestGateway({ auth: slow, limits: { heldCommands: 3 } });
    const client = test.open(late);
    const login = client.request("login", testPrincipal());
    const answers = Array.from({ length: 5 }, (_, n) => client.request("subscribe", { topic: `t${n}` }));
    await test.settle();
    answer();
    expect(await login).toMatchObject({ ok: true });
    const codes = (await Promise.all(answers)).map(({ ok, error }) =>
      ok === true ? "ok" : (error as { code: string }).code,
    );
    expect(codes).toEqual(["ok", "ok", "ok", "RATE_LIMITED", "RATE_LIMITED"]);
  });

  it("does not hold up a drain", async () => {
    const test = new TestGateway();
    const client = test.open(late);
    await test.gateway.drain({ seconds: 10 });
    expect(client.closed).toBe("reconnect");
  });
});

describe("an authenticator that wants to be asked again", () => {
  it("ends sessions whose user is gone, keeps those whose user it cannot know now, and takes other rights", async () => {
    const answers = new Map<string, Principal | Error | null>();
    const auth: Authenticator = {
      authenticate: async (credentials) => {
        const userId = credentials.kind === "token" ? (credentials.token as Principal).userId : null;
        const answer = answers.get(String(userId)) ?? testPrincipal({ userId });
        if (answer instanceof Error) throw answer;
        return { principal: answer, revalidate: { seconds: 300 } };
      },
    };
    const test = new TestGateway({ auth });
    const [gone, unknown, changed] = [
      await test.connect({ userId: "gone" }),
      await test.connect({ userId: "unknown" }),
      await test.connect({ userId: "changed" }),
    ];
    answers.set("gone", testPrincipal({ userId: "somebody-else" }));
    answers.set("unknown", new Error("The user table is away"));
    answers.set("changed", testPrincipal({ userId: "changed", roles: ["service"] }));
    await test.advance(299_999);
    expect(gone.closed).toBeUndefined();
    await test.advance(1);
    await test.settle();
    expect(gone.closed).toBe("stay-away");
    expect(gone.received("closing")).toMatchObject([{ code: "REVOKED", reconnect: false }]);
    expect(unknown.closed).toBeUndefined();
    expect(changed.session.privileged).toBe(true);
    answers.set("unknown", testPrincipal({ userId: "nobody" }));
    await test.advance(300_000);
    await test.settle();
    expect(unknown.closed).toBe("stay-away");
  });
});

describe("a dialect that takes visitors", () => {
  const visited: Dialect = {
    ...nativeDialect,
    name: "visited",
    visitor: () => testPrincipal({ userId: null, roles: [], anonymous: true, grantsOnly: true }),
  };

  it("has them come in whose credentials were not accepted, to reach nothing", async () => {
    const test = new TestGateway({ channels: [{ match: "open", subscribe: "anyone" }] });
    const bad = { kind: "token", token: null } as const;
    await expect(test.gateway.admit(bad)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    const admission = await test.gateway.admit(bad, () => visited.visitor?.({ auth: {}, headers: {} }));
    expect(admission.principal.anonymous).toBe(true);
    admission.release();
    const client = await test.connect(
      testPrincipal({ userId: null, roles: [], anonymous: true, grantsOnly: true }),
      visited,
    );
    expect(await client.request("subscribe", { topic: "open" })).toMatchObject({ error: { code: "FORBIDDEN" } });
  });

  it("lets a visitor with a grant in where every user of the tenant may go, and nowhere else", async () => {
    const test = new TestGateway({
      channels: [
        { match: "mine:{userId}", subscribe: "owner" },
        { match: "staff", subscribe: "service" },
        { match: "asked", subscribe: () => true },
      ],
    });
    test.gateway.requireRoomTokens("/");
    const guest = await test.connect({
      userId: null,
      tenantId: "acme",
      roles: [],
      anonymous: true,
      grantsOnly: true,
      grants: { "**": ["subscribe"] },
    });
    const codes = new Map<string, unknown>();
    for (const topic of ["room", "mine:bob", "staff", "asked", "user:bob", "notifications:bob", "org:acme", "/room"]) {
      const answer = await guest.request("subscribe", { topic });
      codes.set(topic, (answer["error"] as { code?: string } | undefined)?.code ?? "ok");
    }
    expect([...codes].filter(([, code]) => code === "ok")).toEqual([["room", "ok"]]);
  });
});

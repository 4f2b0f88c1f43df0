import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { systemClock } from "@roomcast/core";
import { authenticatorCases, ManualClock } from "@roomcast/core/testing";
import { GatewayError, type Credentials } from "@roomcast/protocol";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CombinedAuthenticator } from "./combined.ts";
import { CookieHook } from "./cookie-hook.ts";
import { CookieAuthenticator, type GetUserByToken } from "./cookie.ts";
import { JwtAuthenticator } from "./jwt.ts";
import { RoomTokens } from "./room-tokens.ts";

const START = 1_700_000_000_000;
const SECRET = "a secret of the tests, of more than 32 bytes";

function cookies(tenantId = "T", token = "k"): Credentials {
  return { kind: "cookies", tenantId, token };
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof GatewayError) return error.code;
  return error === undefined ? "nothing" : `raw: ${(error as Error).message}`;
}

describe("who a user is", () => {
  const ask = async (user: unknown): Promise<string> => {
    const authenticator = new CookieAuthenticator({ getUserByToken: () => user });
    const told = authenticator.authenticate(cookies()).then(({ principal }) => `is ${principal.userId}`);
    return told.catch((thrown: unknown) => (thrown as GatewayError).code);
  };

  it.each<[user: unknown, answer: string]>([
    [{ user: "a", _id: "b", id: "c", space: "T" }, "is a"],
    [{ _id: "b", id: "c", spaceId: "T" }, "is b"],
    [{ id: "c", tenantId: "T" }, "is c"],
    [{ user: null, _id: "b", space: "T" }, "is b"],
    [{ id: "żółw@x:1", space: "T", spaceId: "T", tenantId: "T" }, "is żółw@x:1"],
    [{ id: "c", space: { _id: "T" }, spaceId: "T" }, "is c"],
    [Promise.resolve({ id: "c", space: "T" }), "is c"],
    [{ user: "", _id: "b", space: "T" }, "UNAUTHENTICATED"],
    [{ user: 5, _id: "b", space: "T" }, "UNAUTHENTICATED"],
    [{ user: { _id: "b" }, space: "T" }, "UNAUTHENTICATED"],
    [{ id: "two words", space: "T" }, "UNAUTHENTICATED"],
    [{ id: "x".repeat(129), space: "T" }, "UNAUTHENTICATED"],
    [{ id: "c" }, "UNAUTHENTICATED"],
    [{ id: "c", space: "t" }, "UNAUTHENTICATED"],
    [{ id: "c", space: "U" }, "UNAUTHENTICATED"],
    [{ id: "c", space: "U", spaceId: "T" }, "UNAUTHENTICATED"],
    [{ id: "c", space: "T", tenantId: "U" }, "UNAUTHENTICATED"],
    [{ id: "c", space: ["T"] }, "UNAUTHENTICATED"],
    [{ space: "T" }, "UNAUTHENTICATED"],
    [{}, "UNAUTHENTICATED"],
    [[], "UNAUTHENTICATED"],
    [null, "UNAUTHENTICATED"],
    [undefined, "UNAUTHENTICATED"],
    [true, "UNAUTHENTICATED"],
    ["user", "UNAUTHENTICATED"],
  ])("of %j %s", async (user, answer) => {
    expect(await ask(user)).toBe(answer);
  });

  it("is asked with tenant and token, and holds no longer than it is asked again", async () => {
    const getUserByToken = vi.fn<GetUserByToken>(() => ({
      user: "U",
      space: "T",
      roles: ["admin"],
      grants: { x: [] },
    }));
    const authenticator = new CookieAuthenticator({ getUserByToken });
    expect(await authenticator.authenticate(cookies("T", "a,b c"))).toEqual({
      principal: { userId: "U", tenantId: "T", roles: ["client"], grants: {}, anonymous: false },
      revalidate: { seconds: 300 },
    });
    expect(getUserByToken.mock.calls).toEqual([["T,a,b c", { tenantId: "T" }]]);
    const often = new CookieAuthenticator({ getUserByToken, revalidateSeconds: 5 });
    expect((await often.authenticate(cookies())).revalidate).toEqual({ seconds: 5 });
  });

  it("is not asked of what is no tenant or no token, nor of other credentials", async () => {
    const getUserByToken = vi.fn<GetUserByToken>(() => ({ user: "U", space: "T" }));
    const authenticator = new CookieAuthenticator({ getUserByToken });
    for (const credentials of [
      cookies("a,b"),
      cookies(""),
      cookies("T\n"),
      cookies("t".repeat(129)),
      cookies("T", ""),
      cookies("T", "k".repeat(20_000)),
      { kind: "none" } as const,
      { kind: "token", token: "k" } as const,
    ]) {
      expect(await codeOf(authenticator.authenticate(credentials))).toBe("UNAUTHENTICATED");
    }
    expect(getUserByToken).not.toHaveBeenCalled();
  });

  it("is not known where the function fails: the engine is told of it", async () => {
    const error = new Error("the database is away");
    const refusal = new GatewayError("FORBIDDEN", "not today");
    const cases: readonly [GetUserByToken, string][] = [
      [() => Promise.reject(error), "raw: the database is away"],
      [
        () => {
          throw error;
        },
        "raw: the database is away",
      ],
      [() => Promise.reject(refusal), "raw: not today"],
    ];
    for (const [getUserByToken, code] of cases) {
      expect(await codeOf(new CookieAuthenticator({ getUserByToken }).authenticate(cookies()))).toBe(code);
    }
  });

  it("is told by exactly one of a function and an address", () => {
    expect(() => new CookieAuthenticator({})).toThrow("either getUserByToken or url");
    expect(() => new CookieAuthenticator({ getUserByToken: () => null, url: "http://x" })).toThrow("either");
  });
});

describe("an address", () => {
  let clock: ManualClock;
  let server: Server;
  let url: string;
  let answer: RequestListener;
  const asked: { readonly method: string | undefined; readonly type: string | undefined; readonly body: unknown }[] =
    [];

  beforeEach(async () => {
    clock = new ManualClock(START);
    asked.length = 0;
    answer = (_request, response) => response.end(JSON.stringify({ user: "U", space: "T" }));
    server = createServer((request, response) => {
      void bodyOf(request).then((body) => {
        asked.push({ method: request.method, type: request.headers["content-type"], body });
        answer(request, response);
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/user`;
  });

  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });

  async function bodyOf(request: IncomingMessage): Promise<unknown> {
    let text = "";
    for await (const chunk of request) text += String(chunk);
    return JSON.parse(text);
  }

  const status =
    (code: number, headers: Record<string, string> = {}): RequestListener =>
    (_request, response) =>
      response.writeHead(code, headers).end("{}");

  it("is asked by POST, and answers with the user", async () => {
    const { principal } = await new CookieAuthenticator({ url, clock }).authenticate(cookies("T", "secret"));
    expect(principal.userId).toBe("U");
    expect(asked).toEqual([{ method: "POST", type: "application/json", body: { token: "T,secret", tenantId: "T" } }]);
  });

  it.each([401, 403, 404])("says by %i that there is no such user", async (code) => {
    answer = status(code);
    const authenticator = new CookieAuthenticator({ url, clock });
    expect(await codeOf(authenticator.authenticate(cookies()))).toBe("UNAUTHENTICATED");
  });

  it("says nothing by any other answer", async () => {
    const authenticator = new CookieAuthenticator({ url, clock });
    const answers: readonly RequestListener[] = [
      status(500),
      status(204),
      status(301, { location: url }),
      status(307, { location: url }),
      (_request, response) => response.end("{ no JSON"),
      (_request, response) => response.end(`{"user":"U","space":"T","more":"${"x".repeat(300_000)}"}`),
      (request) => request.socket.destroy(),
    ];
    for (const one of answers) {
      answer = one;
      expect(await codeOf(authenticator.authenticate(cookies()))).toMatch(/^raw: The address of auth\.cookie\.url/);
    }
    // No redirect was followed, and no failure remembered.
    expect(asked).toHaveLength(answers.length);
  });

  it("is given five seconds", async () => {
    const arrived = new Promise<void>((resolve) => (answer = () => resolve()));
    const authenticator = new CookieAuthenticator({ url, clock });
    const hanging = authenticator.authenticate(cookies());
    await arrived;
    await clock.advance(4999);
    const settled = vi.fn<() => void>();
    hanging.then(settled, settled);
    await clock.advance(0);
    expect(settled).not.toHaveBeenCalled();
    await clock.advance(1);
    expect(await codeOf(hanging)).toMatch(/^raw: /);
  });

  it("is asked once for what was answered within ten seconds, a user or none", async () => {
    const hook = new CookieHook({ url, clock });
    for (const [token, found] of [
      ["good", { user: "U", space: "T" }],
      ["bad", null],
    ] as const) {
      asked.length = 0;
      answer = found === null ? status(401) : (_request, response) => response.end(JSON.stringify(found));
      const [one, other] = await Promise.all([hook.ask(token, "T"), hook.ask(token, "T")]);
      expect([one, other]).toEqual([found, found]);
      await clock.advance(9_999);
      expect(await hook.ask(token, "T")).toEqual(found);
      expect(asked).toHaveLength(1);
      await clock.advance(1);
      expect(await hook.ask(token, "T")).toEqual(found);
      expect(asked).toHaveLength(2);
      expect(await hook.ask(token, "U")).toEqual(found);
      expect(asked).toHaveLength(3);
    }
  });

  it("is asked again by whoever comes after a failure; those who waited for it share it", async () => {
    const hook = new CookieHook({ url, clock });
    answer = status(503);
    const failed = await Promise.allSettled([hook.ask("k", "T"), hook.ask("k", "T")]);
    expect(failed.map(({ status: outcome }) => outcome)).toEqual(["rejected", "rejected"]);
    expect(asked).toHaveLength(1);
    expect(hook.size).toBe(0);
    answer = status(401);
    expect(await hook.ask("k", "T")).toBeNull();
  });

  it("has its old answers forgotten when others come", async () => {
    const hook = new CookieHook({ url, clock });
    answer = status(404);
    for (let i = 0; i < 20; i++) await hook.ask(`k${i}`, "T");
    expect(hook.size).toBe(20);
    await clock.advance(10_000);
    await hook.ask("another", "T");
    expect(hook.size).toBe(1);
  });

  it("never has more remembered than it should", async () => {
    const hook = new CookieHook({ url, clock, most: 5 });
    answer = status(404);
    for (let i = 0; i < 8; i++) await hook.ask(`k${i}`, "T");
    expect(hook.size).toBe(5);
    await hook.ask("k7", "T");
    expect(asked).toHaveLength(8);
    await hook.ask("k0", "T");
    expect(asked).toHaveLength(9);
  });
});

describe("cookies and tokens together", () => {
  const jwt = new JwtAuthenticator({ secret: SECRET });
  const cookieUsers = new CookieAuthenticator({
    getUserByToken: (token) => (token === "T,good" ? { user: "U", space: "T" } : null),
  });

  for (const { name, run } of authenticatorCases(async () => ({
    authenticator: new CombinedAuthenticator({ cookies: cookieUsers, tokens: jwt }),
    accepted: [{ credentials: cookies("T", "good"), userId: "U", tenantId: "T" }],
    refused: [
      { credentials: cookies("T", "a-bad-token"), code: "UNAUTHENTICATED" },
      { credentials: cookies("U", "good"), code: "UNAUTHENTICATED" },
      { credentials: cookies("T,good", "x"), code: "UNAUTHENTICATED" },
      { credentials: { kind: "none" }, code: "UNAUTHENTICATED" },
      { credentials: { kind: "token", token: "T,good" }, code: "UNAUTHENTICATED" },
    ],
    close: () => Promise.resolve(),
  }))) {
    it(name, run);
  }

  it("know room tokens as tokens alone do", async () => {
    const authenticator = new CombinedAuthenticator({ cookies: cookieUsers, tokens: jwt });
    const { principal } = await authenticator.authenticate(cookies("T", "good"));
    const rooms = new RoomTokens({ secret: SECRET, clock: systemClock });
    const { token } = await rooms.issue({ tenantId: "T", userId: "U", room: "/x" });
    expect(await authenticator.verifyRoomToken(token, principal, "/x")).toEqual(
      await jwt.verifyRoomToken(token, principal, "/x"),
    );
    expect(await codeOf(authenticator.verifyRoomToken(token, principal, "/y"))).toBe("FORBIDDEN");
  });
});

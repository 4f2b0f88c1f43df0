import { describe, expect, it } from "vitest";
import { expectRefusal, type Client } from "../native/client.ts";
import { unique, useTarget } from "../native/suite.ts";
import { roomToken, seconds, sign, unsigned } from "../native/tokens.ts";
import {
  expectSilence,
  fence,
  NAMESPACE,
  plazerUser,
  received,
  receivedOnce,
  type Message,
  type PlazerOptions,
} from "./plazer.ts";

const suite = useTarget("main");

const ISO = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;
const organisation = (): string => `org:${suite.tenantId}`;

async function user(userId = unique("u-"), options: PlazerOptions = {}): Promise<Client> {
  return await plazerUser(suite, userId, options);
}

async function expectRefused(token: unknown, code: string): Promise<void> {
  await suite.expectRefused({ namespace: NAMESPACE, token }, code);
  expect((await suite.refusal({ namespace: NAMESPACE, token })).message).toBe("Authentication error");
}

describe("1. tokens", () => {
  it.each([["websocket"], ["polling"], ["polling", "websocket"]] as const)(
    "a good one, by %s",
    async (...transports) => {
      const client = await user(undefined, { transports });
      await client.ask("message", { room: organisation(), data: 1 });
      await receivedOnce(client, "message", 1);
    },
  );

  it("a bad one, in every way", async () => {
    const good = suite.token("ann");
    const changed = `${good.slice(0, -4)}${good.endsWith("AAAA") ? "BBBB" : "AAAA"}`;
    const bad: readonly unknown[] = [
      "nonsense",
      "",
      changed,
      `${good}.`,
      good.slice(0, -5),
      unsigned(suite.claims("ann")),
      sign(suite.claims("ann"), { secret: "a secret that is not the one of the target" }),
      sign(suite.claims("ann"), { secret: suite.secret, algorithm: "HS512" }),
      suite.token("ann", { nbf: seconds() + 600 }),
      suite.token("ann", { type: "refresh" }),
      suite.token("ann", { tenantId: "no tenant" }),
      suite.token("ann", { exp: undefined }),
      suite.token("ann", { exp: seconds() + 40 * 24 * 60 * 60 }),
      roomToken(suite.secret, { room: "org:a", userId: "ann", tenantId: suite.tenantId }),
      null,
      7,
      true,
      ["jwt"],
      [good],
      { token: good },
    ];
    for (const token of bad) await expectRefused(token, "UNAUTHENTICATED");
    await suite.expectServing();
  });

  it("none, or one that stands elsewhere: nobody is a visitor here", async () => {
    const token = suite.token("ann");
    for (const options of [
      {},
      { query: { token } },
      { auth: { Token: token, accessToken: token } },
      { headers: { Authorization: `Bearer ${token}` } },
      { headers: { Cookie: `token=${token}; X-Auth-Token=${token}; X-Space-Id=${suite.tenantId}` } },
    ]) {
      await suite.expectRefused({ ...options, namespace: NAMESPACE }, "UNAUTHENTICATED");
    }
  });

  it("an expired one", async () => {
    await expectRefused(suite.token("ann", { iat: seconds() - 600, exp: seconds() - 300 }), "TOKEN_EXPIRED");
  });

  it("one without `sub`, or with one that names nobody", async () => {
    for (const sub of [undefined, null, "", 7, ["ann"], { id: "ann" }, "a b", "u".repeat(129)]) {
      await expectRefused(suite.token("ann", { sub }), "UNAUTHENTICATED");
    }
  });

  it("a session ends when its token does, and another connection takes a new one", async () => {
    const client = await user("ann", { claims: { iat: seconds() - 60, exp: seconds() + 2 } });
    await client.ended();
    expect(received(client, "exception")).toEqual([{ code: "TOKEN_EXPIRED", message: expect.any(String) }]);
    await user("ann");
  });

  it("the tokens of a user who was revoked", async () => {
    const userId = unique("u-");
    const token = suite.token(userId, { iat: seconds() - 10 });
    const client = await suite.open({ namespace: NAMESPACE, token });
    const { status } = await suite.call("/api/socket/revoke", { body: { userId } });
    expect(status).toBe(200);
    await client.ended();
    await expectRefused(token, "UNAUTHENTICATED");
  });
});

describe("2. automatic rooms", () => {
  /** Of these rooms, those in which the client hears what is published. */
  async function rooms(client: Client, tenantId: string, asked: readonly string[]): Promise<readonly string[]> {
    const fenced = unique("joined:");
    expect(await client.ask("join", { room: fenced })).toEqual({ ok: true });
    for (const room of asked) await suite.broadcast(room, room, { event: "here", tenantId });
    await fence(suite, client, fenced, tenantId);
    return received(client, "here") as readonly string[];
  }

  it("the user's and the organisation's, with `orgId`", async () => {
    const orgId = unique("o-");
    const client = await user("ann", { claims: { tenantId: undefined, orgId } });
    const asked = ["user:ann", `org:${orgId}`, "user:bob", "org:default", "org:other"];
    expect(await rooms(client, orgId, asked)).toEqual(["user:ann", `org:${orgId}`]);
  });

  it("the same with `tenantId`, which wins over `orgId`", async () => {
    const tenantId = unique("t-");
    const client = await user("ann", { claims: { tenantId, orgId: "other" } });
    expect(await rooms(client, tenantId, ["user:ann", `org:${tenantId}`, "org:other"])).toEqual([
      "user:ann",
      `org:${tenantId}`,
    ]);
  });

  it("the user's alone, without `orgId`", async () => {
    const userId = unique("u-");
    const client = await user(userId, { claims: { tenantId: undefined } });
    expect(await rooms(client, "default", [`user:${userId}`, "org:default", "org:undefined", "org:null"])).toEqual([
      `user:${userId}`,
    ]);
  });

  it("they are there before the first command, and are members' rooms", async () => {
    const userId = unique("u-");
    const early: unknown[] = [];
    const client = await suite.open({
      namespace: NAMESPACE,
      token: suite.token(userId),
      early: [
        { event: "message", payload: { room: organisation(), data: "early" }, answer: (answer) => early.push(answer) },
      ],
    });
    expect(await receivedOnce(client, "message", 1)).toMatchObject([{ userId, data: "early" }]);
    await client.until(() => early.length === 1, "the answer");
    expect(early).toEqual([{ ok: true }]);
    const members = await suite.call<{ userId: string }[]>(`/api/socket/channels/user:${userId}/members`);
    expect(members.body).toMatchObject([{ userId, socketId: client.socket.id }]);
  });
});

describe("3. `message` to the own organisation", () => {
  it("reaches every member, the sender too, with the server's `userId` and an ISO time", async () => {
    const members = [await user("ann"), await user("bob"), await user("bob"), await user("cid")];
    const [ann] = members as [Client];
    const data = { text: "Hello", userId: "eve", timestamp: "never" };
    const before = Date.now();
    expect(await ann.ask("message", { room: organisation(), data, userId: "eve", timestamp: "never" })).toEqual({
      ok: true,
    });
    const heard = await Promise.all(members.map((member) => receivedOnce(member, "message", 1)));
    for (const [message] of heard) {
      expect(message).toEqual({ userId: "ann", data, timestamp: expect.stringMatching(ISO) });
      expect(heard[0]).toEqual([message]);
    }
    const [[message] = []] = heard as readonly (readonly Message[])[];
    expect(Math.abs(Date.parse(message?.timestamp ?? "") - before)).toBeLessThan(60_000);
    for (const member of members) await fence(suite, member, organisation());
    for (const member of members) expect(received(member, "message")).toHaveLength(1);
  });

  it("reaches nobody of another organisation", async () => {
    const tenantId = unique("t-");
    const [ann, foreign] = [await user("ann"), await user("ann", { tenantId })];
    await ann.ask("message", { room: organisation(), data: "inside" });
    await receivedOnce(ann, "message", 1);
    await fence(suite, foreign, `org:${tenantId}`, tenantId);
    expectSilence(foreign);
  });

  it.each([[null], [0], [""], [false], ["text"], [[]], [[1, [2]]], [{}], [{ a: { b: [null] } }]])(
    "carries %j as it is",
    async (data) => {
      const client = await user();
      await client.ask("message", { room: organisation(), data });
      expect(await receivedOnce(client, "message", 1)).toMatchObject([{ data }]);
    },
  );

  it("goes without an acknowledgement too, and without data", async () => {
    const client = await user("ann");
    client.socket.emit("message", { room: organisation() });
    expect(await receivedOnce(client, "message", 1)).toEqual([
      { userId: "ann", data: null, timestamp: expect.stringMatching(ISO) },
    ]);
  });

  it("keeps its order", async () => {
    const [ann, bob] = [await user("ann"), await user("bob")];
    for (let n = 0; n < 50; n++) ann.socket.emit("message", { room: organisation(), data: n });
    const messages = (await receivedOnce(bob, "message", 50)) as readonly { data: number }[];
    expect(messages.map(({ data }) => data)).toEqual(Array.from({ length: 50 }, (_, n) => n));
  });

  it("goes to rooms that were joined, as the rules allow, until they are left", async () => {
    const room = unique("project:");
    const [ann, bob] = [await user("ann"), await user("bob")];
    expectRefusal(await ann.ask("message", { room, data: 1 }), "FORBIDDEN");
    for (const client of [ann, bob]) expect(await client.ask("join", { room })).toEqual({ ok: true });
    expect(await ann.ask("join", { room })).toEqual({ ok: true });
    expect(await ann.ask("message", { room, data: 2 })).toEqual({ ok: true });
    expect(await receivedOnce(bob, "message", 1)).toMatchObject([{ userId: "ann", data: 2 }]);
    await receivedOnce(ann, "message", 1);
    expect(await ann.ask("leave", { room })).toEqual({ ok: true });
    expect(await ann.ask("leave", { room })).toEqual({ ok: true });
    expectRefusal(await ann.ask("message", { room, data: 3 }), "FORBIDDEN");
    await bob.ask("message", { room, data: 4 });
    await receivedOnce(bob, "message", 2);
    await fence(suite, ann, organisation());
    expect(received(ann, "message")).toHaveLength(1);
  });

  it("obeys the channel rules: what is frozen, closed, a service's, or asks for a room token", async () => {
    const client = await user("ann");
    expect(await client.ask("join", { room: "frozen:1" })).toEqual({ ok: true });
    expectRefusal(await client.ask("message", { room: "frozen:1", data: 1 }), "FORBIDDEN");
    expect(await client.ask("join", { room: "news:1" })).toEqual({ ok: true });
    expectRefusal(await client.ask("message", { room: "news:1", data: 1 }), "FORBIDDEN");
    const token = suite.roomToken({ room: "room:1", userId: "ann" });
    for (const room of ["closed:1", "ops:1", "inbox:bob", "room:1", "ask:no", "secretive:1"]) {
      expectRefusal(await client.ask("join", { room, token }), "FORBIDDEN");
      expectRefusal(await client.ask("message", { room, data: 1, token }), "FORBIDDEN");
    }
    expect(await client.ask("join", { room: "inbox:ann" })).toEqual({ ok: true });
    expect(await client.ask("message", { room: "inbox:ann", data: 1 })).toEqual({ ok: true });
  });
});

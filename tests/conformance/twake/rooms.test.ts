import { describe, expect, it } from "vitest";
import { unique } from "../native/suite.ts";
import { roomKey, roomToken, seconds, sign } from "../native/tokens.ts";
import type { TwakeClient } from "./client.ts";
import { NOT_AUTHORIZED, useTwake } from "./suite.ts";

const suite = useTwake("main");
const { native } = suite;

const REFUSED = { error: NOT_AUTHORIZED, message: NOT_AUTHORIZED };

/** What a join by this user of this room with this token is answered. */
async function answerTo(client: TwakeClient, name: unknown, token?: unknown): Promise<unknown> {
  const [event, payload] = await client.tryJoin(name, token);
  return { event, payload };
}

function success(name: string): unknown {
  return { event: "realtime:join:success", payload: { name } };
}

function error(name: string | null): unknown {
  return { event: "realtime:join:error", payload: { name, ...REFUSED } };
}

/** The members of a room, as REST tells them. */
async function members(room: string): Promise<unknown> {
  const { body } = await native.call(`/api/socket/channels/${encodeURIComponent(room)}/members`);
  return (body as { userId: string }[]).map(({ userId }) => userId);
}

describe("5. joining", () => {
  it.each(["/ping", "/users/online", "/users/ann"])(
    "5. %s: no token, a bad one, `twake`: error; the access token: success",
    async (room) => {
      const client = await suite.user("ann");
      const access = native.token("ann");
      const others = [native.token("bob"), native.token("ann", { tenantId: unique("t-") })];
      const old = native.token("ann", { iat: seconds() - 600, exp: seconds() - 300 });
      const dead = [native.token("ann", { nbf: seconds() + 60 }), native.token("ann", { type: "refresh" })];
      for (const token of [undefined, "", "garbage", "twake", `${access}x`, null, 5, old, ...others, ...dead]) {
        expect(await answerTo(client, room, token)).toEqual(error(room));
      }
      expect(await answerTo(client, room, access)).toEqual(success(room));
      // A room token does as well.
      const second = await suite.user("ann");
      expect(await answerTo(second, room, suite.roomToken("ann", room))).toEqual(success(room));
    },
  );

  it("5. the access token opens nobody else's, and no other room", async () => {
    const client = await suite.user("ann");
    for (const room of ["/users/bob", "/users/ann/", "/users", "/ping/", "/pings", "/", "/companies/1", "/ping?a=b"]) {
      expect(await answerTo(client, room, native.token("ann"))).toEqual(error(room));
    }
  });

  it("6. the right room token: success", async () => {
    const client = await suite.user("ann");
    for (const room of ["/companies/1", "/companies/1/workspaces/2/channels?type=public", "/a/", "/é", "/"]) {
      expect(await answerTo(client, room, suite.roomToken("ann", room))).toEqual(success(room));
    }
    // Joined already: nothing changes.
    expect(await answerTo(client, "/a/", suite.roomToken("ann", "/a/"))).toEqual(success("/a/"));
    // 31 days, and no more.
    const now = seconds();
    const month = suite.roomToken("ann", "/long", { iat: now, exp: now + 31 * 86_400 });
    expect(await answerTo(client, "/long", month)).toEqual(success("/long"));
  });

  it("6. a token without a tenant is of the tenant default", async () => {
    const room = unique("/d/");
    const token = suite.roomToken("ann", room, { tenantId: undefined });
    expect(await answerTo(await suite.user("ann"), room, token)).toEqual(error(room));
    expect(await answerTo(await suite.user("ann", { tenantId: "default" }), room, token)).toEqual(success(room));
  });

  const now = seconds();
  const WRONG: readonly [string, object][] = [
    ["wrong name", { name: "/wrong/2" }],
    ["name with a slash more", { name: "/wrong/" }],
    ["name that is a list", { name: ["/wrong"] }],
    ["no name", { name: undefined }],
    ["pattern as its name", { name: "/**" }],
    ["wrong sub", { sub: "bob" }],
    ["no sub", { sub: undefined }],
    ["another tenant", { tenantId: "another" }],
    ["a tenant that is null", { tenantId: null }],
    ["expired", { iat: now - 600, exp: now - 300 }],
    ["not yet valid", { nbf: now + 300 }],
    ["without an end", { exp: undefined }],
    ["a life beyond 31 days", { iat: now, exp: now + 32 * 86_400 }],
    ["another audience", { aud: "roomcast" }],
    ["no audience", { aud: undefined }],
  ];
  it.each(WRONG)("6. %s: error", async (_name, changes) => {
    const client = await suite.user("ann");
    expect(await answerTo(client, "/wrong", suite.roomToken("ann", "/wrong", changes))).toEqual(error("/wrong"));
    expect(await answerTo(client, "/wrong", suite.roomToken("ann", "/wrong"))).toEqual(success("/wrong"));
  });

  it("6. forged: error", async () => {
    const client = await suite.user("ann");
    const room = "/forged";
    const good = suite.roomToken("ann", room);
    const [header, claims, signature] = good.split(".") as [string, string, string];
    const payload = JSON.parse(Buffer.from(claims, "base64url").toString()) as object;
    const elsewhere = suite.roomToken("ann", "/other").split(".");
    const none = Buffer.from(`{"alg":"none","typ":"JWT"}`).toString("base64url");
    const forged = [
      "",
      "twake",
      "garbage",
      "a.b.c",
      `${header}.${claims}.`,
      `${header}.${claims}`,
      `${none}.${claims}.`,
      `${none}.${claims}.${signature}`,
      `${elsewhere[0]}.${claims}.${elsewhere[2]}`,
      `${good.slice(0, -4)}AAAA`,
      // With the secret instead of the key that is derived from it, and of another secret.
      sign(payload, { secret: native.secret }),
      roomToken("another secret, long enough for HS256", { room, userId: "ann", tenantId: native.tenantId }),
      sign(payload, { secret: roomKey(native.secret), algorithm: "HS512" }),
      `previous::${room}`,
    ];
    for (const token of forged) expect([token, await answerTo(client, room, token)]).toEqual([token, error(room)]);
    expect(await answerTo(client, room, good)).toEqual(success(room));
  });

  it("6. a name that begins with `previous::` opens no other", async () => {
    const client = await suite.user("ann");
    const room = unique("/p/");
    await client.tryJoin(`previous::${room}`, "twake");
    await native.broadcast(room, 1);
    await suite.fence(client);
    expect(client.of("realtime:event").filter((one) => JSON.stringify(one).includes(room))).toEqual([]);
  });

  it("6. replayed by another user, or in another tenant: error", async () => {
    const room = unique("/r/");
    const token = suite.roomToken("ann", room);
    expect(await answerTo(await suite.user("ann"), room, token)).toEqual(success(room));
    expect(await answerTo(await suite.user("bob"), room, token)).toEqual(error(room));
    expect(await answerTo(await suite.user("ann", { tenantId: unique("t-") }), room, token)).toEqual(error(room));
  });

  it("6. replayed after its user was revoked: error", async () => {
    const [userId, room] = [unique("u-"), unique("/r/")];
    const token = suite.roomToken(userId, room, { iat: seconds() - 60 });
    await native.call("/api/socket/revoke", { body: { userId } });
    await expect
      .poll(async () => {
        // A token counts as issued at a full second.
        const client = await suite.open();
        client.emit("authenticate", { token: native.token(userId) });
        await client.until(() => client.heard.length > 0, "an answer");
        return client.heard[0]?.event;
      })
      .toBe("authenticated");
    const client = await suite.user(userId);
    expect(await answerTo(client, room, token)).toEqual(error(room));
    expect(await answerTo(client, room, suite.roomToken(userId, room))).toEqual(success(room));
  });

  it("a rule of the user's decides instead", async () => {
    const client = await suite.user("ann");
    // Open to whoever is logged in; the owner's; nobody's; a service's; with a room token.
    expect(await answerTo(client, "lounge")).toEqual(success("lounge"));
    expect(await answerTo(client, "lounge-2", "twake")).toEqual(success("lounge-2"));
    expect(await answerTo(client, "inbox:ann")).toEqual(success("inbox:ann"));
    expect(await answerTo(client, "inbox:bob", suite.roomToken("ann", "inbox:bob"))).toEqual(error("inbox:bob"));
    expect(await answerTo(client, "closed:1", suite.roomToken("ann", "closed:1"))).toEqual(error("closed:1"));
    expect(await answerTo(client, "ops:1")).toEqual(error("ops:1"));
    expect(await answerTo(client, "secretive:1")).toEqual(error("secretive:1"));
    expect(await answerTo(client, "room:1")).toEqual(error("room:1"));
    expect(await answerTo(client, "room:1", suite.roomToken("ann", "room:1"))).toEqual(success("room:1"));
    expect(await answerTo(client, "notifications:bob")).toEqual(error("notifications:bob"));
    expect(await answerTo(client, "odd:throws")).toMatchObject({ event: "realtime:join:error" });
  });

  const BAD_PAYLOADS: readonly unknown[] = [
    null,
    true,
    5,
    "text",
    "/ping",
    [],
    [{ name: "/ping" }],
    {},
    { name: null },
    { name: 5 },
    { name: true },
    { name: [] },
    { name: ["/ping"] },
    { name: {} },
    { name: { toString: "/ping" } },
    { Name: "/ping" },
    { room: "/ping" },
  ];
  it.each(BAD_PAYLOADS.map((payload) => ({ payload })))(
    "the payload $payload: an error without a name",
    async ({ payload }) => {
      const client = await suite.user("ann");
      client.emit("realtime:join", payload);
      client.emit("realtime:leave", payload);
      client.emit("realtime:event", payload);
      await client.until(() => client.heard.length === 4, "three answers");
      const [, join, leave, event] = client.heard;
      const text = expect.stringMatching(/./) as string;
      expect(join).toEqual({ event: "realtime:join:error", args: [{ name: null, error: text, message: text }] });
      expect(leave).toEqual({ event: "realtime:leave:error", args: [{ name: null, error: text, message: text }] });
      expect(event).toEqual({ event: "realtime:event:error", args: [{ name: null, message: text }] });
      for (const one of [join, leave]) {
        const said = one?.args[0] as { error: string; message: string };
        expect(said.error).toBe(said.message);
      }
      expect(client.reason).toBeUndefined();
    },
  );

  it("without any payload, and with more than one", async () => {
    const client = await suite.user("ann");
    for (const event of ["realtime:join", "realtime:leave", "realtime:event"]) {
      client.emit(event);
      await client.until(() => client.of(`${event}:error`).length === 1, "an error");
      client.emit(event, null, { name: "/ping" });
      await client.until(() => client.of(`${event}:error`).length === 2, "another");
    }
  });

  const BAD_NAMES = [
    "",
    " ",
    "/a b",
    "/a*",
    "/**",
    "/{userId}",
    "@sessions",
    "@metadata",
    "@notifications",
    "$x",
    "/\u0000",
    "/\u202E",
    "x".repeat(256),
  ];
  it.each(BAD_NAMES)("the name %j, which no room can have, opens to nobody", async (name) => {
    const client = await suite.user("ann");
    expect(await answerTo(client, name, suite.roomToken("ann", name))).toEqual(error(name));
    expect(await answerTo(client, name, native.token("ann"))).toEqual(error(name));
    client.emit("realtime:event", { name, data: 1, token: suite.roomToken("ann", name) });
    expect(await client.hears("realtime:event:error")).toEqual([{ name, message: NOT_AUTHORIZED }]);
    expect(await client.leave(name)).toEqual(["realtime:leave:success", { name }]);
  });

  it("the membership ends when the token does", async () => {
    const [room, long] = [unique("/short/"), unique("/long/")];
    const client = await suite.user("ann");
    await client.join(room, suite.roomToken("ann", room, { exp: seconds() + 2 }));
    await client.join(long, suite.roomToken("ann", long));
    await native.broadcast(room, 1);
    await suite.fence(client);
    expect(client.events(room)).toEqual([{ _type: "message", value: 1 }]);
    await expect.poll(() => members(room), { timeout: 10_000 }).toEqual([]);
    await native.broadcast(room, 2);
    await native.broadcast(long, 3);
    await suite.fence(client);
    expect(client.events(room)).toHaveLength(1);
    expect(client.events(long)).toEqual([{ _type: "message", value: 3 }]);
    expect(client.reason).toBeUndefined();
    // Another token opens it again.
    await client.join(room, suite.roomToken("ann", room));
    await native.broadcast(room, 4);
    await suite.fence(client);
    expect(client.events(room)).toHaveLength(2);
  });

  it("whoever joined is a member, until leaving", async () => {
    const room = unique("/m/");
    const [ann, bob] = [await suite.user("ann"), await suite.user("bob")];
    await ann.join(room, suite.roomToken("ann", room));
    await bob.join(room, suite.roomToken("bob", room));
    expect(await members(room)).toEqual(expect.arrayContaining(["ann", "bob"]));
    expect(await ann.leave(room)).toEqual(["realtime:leave:success", { name: room }]);
    expect(await members(room)).toEqual(["bob"]);
    await native.broadcast(room, 1);
    await suite.fence(ann);
    await suite.fence(bob);
    expect(ann.events(room)).toEqual([]);
    expect(bob.events(room)).toHaveLength(1);
  });
});

describe("5. leaving", () => {
  it("7. a room never joined: success", async () => {
    const client = await suite.user("ann");
    for (const name of ["/never", "/never/", "nowhere", "@sessions", ""]) {
      expect(await client.leave(name)).toEqual(["realtime:leave:success", { name }]);
    }
  });
});

import { io, type Socket } from "socket.io-client";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { ACME_ADMIN_KEY, KEY, next, TestNode } from "../../test/harness.ts";

let node: TestNode;
beforeAll(async () => {
  node = await TestNode.start({ attach: { dialects: { native: true, twake: true, plazer: true } } });
});
afterAll(() => node.close());

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.disconnect();
});

type Headers = Record<string, string>;

async function signIn(json: unknown): Promise<Headers> {
  const answer = await node.call("/auth/session", { headers: {}, json });
  const { csrf } = answer.body as { csrf: string };
  const cookie = answer.headers.get("set-cookie")?.split(";", 1)[0] ?? "";
  return { Cookie: cookie, "X-CSRF-Token": csrf, Origin: node.url };
}

async function ticket(session: Headers, tenantId?: string): Promise<string> {
  const headers = tenantId === undefined ? session : { ...session, "X-Tenant-Id": tenantId };
  const { status, body } = await node.call("/auth/session/ticket", { headers, json: {} });
  expect(status).toBe(200);
  const { token, expiresAt } = body as { token: string; expiresAt: number };
  expect(expiresAt - Date.now()).toBeLessThanOrEqual(60_000);
  return token;
}

/** The message that a login is refused with. */
async function refusal(connecting: Promise<unknown>): Promise<string> {
  return await connecting.then(
    () => "accepted",
    (thrown: unknown) => (thrown as { data?: { code?: string } }).data?.code ?? String(thrown),
  );
}

describe("a ticket", () => {
  it("opens a socket as the session's user, with its roles", async () => {
    const session = await signIn({ token: await node.token("root", { tenantId: "t-own", roles: ["admin"] }) });
    const socket = await node.connect(await ticket(session));
    // What takes a role: to publish where one follows nothing.
    expect(await socket.emitWithAck("publish", { channel: "a", event: "e" })).toMatchObject({ ok: true });
    expect((await node.gateway.connections("t-own")).entries).toMatchObject([{ socketId: socket.id, userId: "root" }]);
  });

  it("follows any channel of its tenant, as REST reads it, and no operators' channels but its own", async () => {
    const one = await TestNode.start({
      gateway: {
        channels: [
          { match: "closed:**", subscribe: "nobody" },
          { match: "inbox:{userId}", subscribe: "owner" },
        ],
      },
    });
    const token = await one.token("root", { tenantId: "acme", roles: ["admin"] });
    const answer = await one.call("/auth/session", { headers: {}, json: { token } });
    const { csrf } = answer.body as { csrf: string };
    const cookie = answer.headers.get("set-cookie")?.split(";", 1)[0] ?? "";
    const headers = { Cookie: cookie, "X-CSRF-Token": csrf, Origin: one.url };
    const { body } = await one.call("/auth/session/ticket", { headers, json: {} });
    const [page, plain] = [await one.connect((body as { token: string }).token), await one.connect(token)];
    for (const topic of ["closed:a", "inbox:alice", "notifications:alice", "free"]) {
      expect(await page.emitWithAck("subscribe", { topic })).toMatchObject({ ok: true });
    }
    expect(await plain.emitWithAck("subscribe", { topic: "closed:a" })).toMatchObject({ error: { code: "FORBIDDEN" } });
    expect(await page.emitWithAck("subscribe", { topic: "@cluster" })).toMatchObject({ error: { code: "FORBIDDEN" } });
    const event = next(page, "event");
    await one.gateway.publish({ tenantId: "acme", name: "closed:a" }, "news", 7);
    expect(await event).toMatchObject({ topic: "closed:a", payload: 7 });
    await one.close();
  });

  it("is for the tenant that the session chooses, within its reach", async () => {
    const operator = await signIn({ token: await node.token("op", { tenantId: "home", roles: ["operator"] }) });
    const socket = await node.connect(await ticket(operator, "t-far"));
    const [entry] = (await node.gateway.connections("t-far")).entries;
    // The tenant's own user of that name is somebody else.
    expect(entry).toMatchObject({ socketId: socket.id, userId: expect.stringMatching(/^admin:[\w-]{22}$/) });
    const byKey = await signIn({ apiKey: ACME_ADMIN_KEY });
    await node.connect(await ticket(byKey, "beta"));
    const { status } = await node.call("/auth/session/ticket", {
      headers: { ...byKey, "X-Tenant-Id": "other" },
      json: {},
    });
    expect(status).toBe(403);
  });

  it("renews its socket by refresh, for the same user and tenant only", async () => {
    for (const json of [
      { token: await node.token("op", { tenantId: "t-again", roles: ["operator"] }) },
      { apiKey: KEY, tenantId: "t-again" },
    ]) {
      const session = await signIn(json);
      const socket = await node.connect(await ticket(session));
      const renewed = await socket.emitWithAck("refresh", { token: await ticket(session) });
      expect(renewed).toMatchObject({ ok: true, expiresAt: expect.any(Number) });
      const elsewhere = await socket.emitWithAck("refresh", { token: await ticket(session, "t-else") });
      expect(elsewhere).toMatchObject({ ok: false });
      const others = await signIn({ apiKey: KEY, tenantId: "t-again" });
      expect(await socket.emitWithAck("refresh", { token: await ticket(others) })).toMatchObject({ ok: false });
      expect(socket.connected).toBe(true);
    }
  });

  it("ends with its session, and its sockets with its user", async () => {
    const session = await signIn({ token: await node.token("fired", { tenantId: "t-end", roles: ["admin"] }) });
    const socket = await node.connect(await ticket(session));
    const unused = await ticket(session);
    const closing = next(socket, "closing");
    await node.gateway.revoke("t-end", "fired");
    expect(await closing).toMatchObject({ code: "REVOKED" });
    expect(await refusal(node.connect(unused))).toBe("UNAUTHENTICATED");

    const other = await signIn({ apiKey: KEY });
    const left = await ticket(other);
    const still = await node.connect(await ticket(other));
    expect((await node.call("/auth/session", { method: "DELETE", headers: other })).status).toBe(204);
    expect(await refusal(node.connect(left))).toBe("UNAUTHENTICATED");
    expect(await still.emitWithAck("refresh", { token: left })).toMatchObject({ ok: false });
  });

  it("is no token for REST, and no session's cookie is one for sockets", async () => {
    const session = await signIn({ apiKey: KEY });
    const token = await ticket(session);
    for (const headers of [{ Authorization: `Bearer ${token}` }, { "X-Api-Key": token }] as Headers[])
      expect((await node.call("/api/socket/connections", { headers })).status).toBe(401);
    const verified = await node.call("/auth/verify", { json: { token } });
    expect(verified.body).toMatchObject({ valid: false });
    const cookie = session["Cookie"] ?? "";
    expect(await refusal(node.connect(cookie.slice(cookie.indexOf("=") + 1)))).toBe("UNAUTHENTICATED");
    // Sent along with a handshake, the cookie says nothing.
    const socket = io(node.url, {
      extraHeaders: { Cookie: cookie },
      transports: ["websocket"],
      forceNew: true,
      reconnection: false,
    });
    sockets.push(socket);
    await expect(
      new Promise((resolve, reject) => socket.once("connect", () => resolve("in")).once("connect_error", reject)),
    ).rejects.toBeInstanceOf(Error);
  });

  it("opens sockets of the native dialect alone", async () => {
    const token = await ticket(await signIn({ apiKey: KEY }));
    const plazer = io(`${node.url}/events`, {
      auth: { token },
      transports: ["websocket"],
      forceNew: true,
      reconnection: false,
    });
    sockets.push(plazer);
    const answer = new Promise((resolve, reject) =>
      plazer.once("connect", () => resolve("in")).once("connect_error", reject),
    );
    await expect(answer).rejects.toBeInstanceOf(Error);
    await node.connect(token);
  });
});

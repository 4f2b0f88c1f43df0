import { describe, expect, it } from "vitest";
import { RawLink } from "./raw.ts";
import { unique, useTarget } from "./suite.ts";
import { seconds } from "./tokens.ts";

// Its tenants may have four connections each: every test has its own.
const suite = useTarget("strict", { claims: { iss: "conformance", aud: "conformance" } });

describe("a target with small limits, without visitors", () => {
  describe("2. connecting", () => {
    it.each([
      ["`auth.token` null", { auth: { token: null } }],
      ["no credentials", {}],
      ["an `Authorization` of another kind", { headers: { Authorization: "Basic YTpi" } }],
      ["a cookie", { headers: { Cookie: "token=abc" } }],
      ["the token in the query only", { query: { token: "abc" } }],
    ])("refuses a handshake with %s", async (_, options) => {
      await suite.expectRefused(options, "UNAUTHENTICATED");
    });

    it.each<[string, Record<string, unknown>]>([
      ["another issuer", { iss: "another" }],
      ["no issuer", { iss: undefined }],
      ["another audience", { aud: "another" }],
      ["no audience", { aud: undefined }],
      ["a life of more than `maxTokenSeconds`", { exp: seconds() + 8000 }],
      ["a life of more than `maxTokenSeconds`, and no `iat`", { iat: undefined, exp: seconds() + 8000 }],
    ])("refuses a token with %s", async (_, claims) => {
      await suite.expectRefused({ token: suite.token("ann", claims) }, "UNAUTHENTICATED");
    });

    it("takes one of its audiences among others", async () => {
      await suite.user("ann", { tenantId: unique("t-"), claims: { aud: ["elsewhere", "others"] } });
    });

    it("issues tokens that it takes", async () => {
      const tenantId = unique("t-");
      const { body } = await suite.call<{ token: string }>("/auth/token", { body: { userId: "ann", tenantId } });
      expect((await suite.connect({ token: body.token })).session).toMatchObject({ userId: "ann", tenantId });
    });
  });

  describe("7. `direct`", () => {
    it('"service" is for services', async () => {
      const tenantId = unique("t-");
      const [ann, service] = [await suite.user("ann", { tenantId }), await suite.service({ tenantId })];
      await ann.refused("direct", { to: { userId: "ann" }, event: "e" }, "FORBIDDEN");
      await ann.refused("direct", { to: { socketId: service.session.socketId }, event: "e" }, "NOT_FOUND");
      expect(await service.ok("direct", { to: { userId: "ann" }, event: "e" })).toMatchObject({ delivered: 1 });
    });
  });

  describe("8. limits", () => {
    it("`commandBytes`, `jsonDepth`, `stateBytes`, `subscriptionsPerSession`", async () => {
      const client = await suite.user("ann", { tenantId: unique("t-") });
      await client.refused("publish", { channel: "c", event: "e", data: "x".repeat(1000) }, "TOO_LARGE");
      await client.refused("publish", { channel: "c", event: "e", data: [[[[1]]]] }, "INVALID_PAYLOAD");
      await client.refused("join", { channel: "c", state: "x".repeat(100) }, "TOO_LARGE");
      for (const topic of ["a", "b", "c"]) await client.ok("subscribe", { topic });
      expect((await client.refused("subscribe", { topic: "d" }, "LIMIT_REACHED")).details).toMatchObject({
        limit: "subscriptionsPerSession",
      });
    });

    it("`connectionsPerUser` and `connectionsPerTenant`, also of many at once", async () => {
      const tenantId = unique("t-");
      // At once on one node, what the others let in is known a moment later; no more than the tenant may have.
      const { url } = suite;
      const attempts = await Promise.allSettled(Array.from({ length: 4 }, () => suite.user("ann", { tenantId, url })));
      expect(attempts.filter(({ status }) => status === "fulfilled")).toHaveLength(2);
      for (const attempt of attempts) {
        if (attempt.status === "rejected")
          expect(attempt.reason).toMatchObject({
            data: { code: "LIMIT_REACHED", retryable: false, details: { limit: "connectionsPerUser" } },
          });
      }
      const connections = async (count: number): Promise<void> =>
        await expect
          .poll(async () => (await suite.call("/api/socket/connections", { tenantId })).body)
          .toEqual({ count });
      await suite.user("bob", { tenantId });
      const last = await suite.user("cid", { tenantId });
      await connections(4);
      const { data } = await suite.refusal({ token: suite.token("dan", { tenantId }) });
      expect(data).toMatchObject({ code: "LIMIT_REACHED", details: { limit: "connectionsPerTenant" } });
      await suite.user("dan", { tenantId: unique("t-") });
      last.close();
      // The place is free as soon as the server knows.
      await connections(3);
      await suite.user("dan", { tenantId });
    });

    it("`channelsPerTenant`", async () => {
      const tenantId = unique("t-");
      const service = await suite.service({ tenantId });
      for (const channel of ["1", "2", "3", "4", "5"]) await service.ok("publish", { channel, event: "e" });
      expect((await service.refused("publish", { channel: "6", event: "e" }, "LIMIT_REACHED")).details).toMatchObject({
        limit: "channelsPerTenant",
      });
      expect(await suite.call("/api/socket/broadcast", { tenantId, body: { channel: "6", event: "e" } })).toMatchObject(
        {
          status: 429,
          body: { error: "LIMIT_REACHED", details: { limit: "channelsPerTenant" } },
        },
      );
      await service.ok("publish", { channel: "5", event: "e" });
      await (await suite.service({ tenantId: unique("t-") })).ok("publish", { channel: "6", event: "e" });
    });

    it("`historyBytesPerChannel` and `historyBytesPerTenant`: the oldest go first", async () => {
      const tenantId = unique("t-");
      const kept = async (channel: string): Promise<readonly unknown[]> =>
        (
          await suite.call<{ events: { payload: string }[] }>(`/api/socket/channels/${channel}/history`, { tenantId })
        ).body.events.map(({ payload }) => payload[0]);
      const publish = async (channel: string, names: string): Promise<void> => {
        for (const name of names) await suite.broadcast(channel, name.repeat(800), { tenantId });
      };
      await publish("one", "abcdefgh");
      const one = await kept("one");
      expect(one.length).toBeGreaterThan(0);
      expect(one.length).toBeLessThanOrEqual(5);
      expect(one.at(-1)).toBe("h");
      await publish("two", "abcd");
      await publish("three", "abcd");
      expect((await kept("three")).at(-1)).toBe("d");
      const all = [...(await kept("one")), ...(await kept("two")), ...(await kept("three"))];
      expect(all.length).toBeLessThanOrEqual(10);
      expect((await kept("one")).length).toBeLessThan(one.length);
    });

    it("`commandsPerSecond` and `privilegedFactor`", async () => {
      const tenantId = unique("t-");
      const ask = async (roles: string[]): Promise<number> => {
        const client = await suite.user(unique("u-"), { tenantId, claims: { permissions: roles } });
        const answers = await Promise.all(Array.from({ length: 200 }, () => client.request("leave", { channel: "c" })));
        return answers.filter(({ ok }) => ok).length;
      };
      const client = await ask(["client"]);
      expect(client).toBeGreaterThanOrEqual(20);
      expect(client).toBeLessThan(200);
      expect(await ask(["service"])).toBe(200);
      expect(await ask(["admin"])).toBe(200);
    });

    it("`usersPerNotify`", async () => {
      expect(
        await suite.call("/api/socket/notify", { body: { users: ["a", "b", "c", "d"], message: 1 } }),
      ).toMatchObject({ status: 429, body: { error: "LIMIT_REACHED" } });
    });

    it("`pendingConnections`: more links without a login are refused with HTTP 503; those that are there log in", async () => {
      // Each node protects itself.
      const { url } = suite;
      const links: RawLink[] = [];
      let more: RawLink;
      do links.push((more = await RawLink.open(url)));
      while (more.status === 101 && links.length < 12);
      // Links of tests before may not have gone yet.
      expect(links.length).toBeGreaterThan(5);
      expect(links.length).toBeLessThanOrEqual(11);
      expect(more.status).toBe(503);
      expect((await fetch(`${url}/socket.io/?EIO=4&transport=polling`)).status).toBe(503);
      links[0]?.send(`40{"token":"${suite.token("ann", { tenantId: unique("t-") })}"}`);
      await links[0]?.until(() => links[0]?.received.includes(`42["session"`) === true);
      const place = await RawLink.open(url);
      expect(place.status).toBe(101);
      for (const link of [...links, place]) link.destroy();
      await expect
        .poll(async () => {
          const link = await RawLink.open(url);
          link.destroy();
          return link.status;
        })
        .toBe(101);
    });

    // Three that wait for the server to lose patience, together.
    it.concurrent("`loginSeconds`: a link without a login is closed, one with goes on", async () => {
      const silent = await RawLink.open(suite.url);
      const refused = await RawLink.open(suite.url);
      refused.send(`40{"token":"nonsense"}`);
      const client = await suite.user("ann", { tenantId: unique("t-") });
      await silent.until(() => silent.closed);
      await refused.until(() => refused.closed);
      await suite.fence(client);
      expect(client.reason).toBeUndefined();
    });

    it.concurrent("a half-open connection is found by the heartbeat, and leaves every count", async () => {
      const tenantId = unique("t-");
      const link = await RawLink.open(suite.url);
      link.send(`40{"token":"${suite.token("ann", { tenantId })}"}`);
      await link.until(() => link.received.includes(`42["session"`));
      const watcher = await suite.user("bob", { tenantId });
      await watcher.ok("join", { channel: "c" });
      link.send(`420["join",{"channel":"c"}]`);
      await watcher.push("presence", ({ joined }) => joined.some(({ userId }) => userId === "ann"));
      // It never answers a ping.
      await watcher.push("presence", ({ left }) => left.some(({ userId }) => userId === "ann"));
      expect((await suite.call("/api/socket/connections", { tenantId })).body).toEqual({ count: 1 });
      expect(watcher.reason).toBeUndefined();
      link.destroy();
    });

    it.concurrent("a polling client that never polls again is found too, and leaves every count", async () => {
      const tenantId = unique("t-");
      const base = `${suite.url}/socket.io/?EIO=4&transport=polling`;
      const { sid } = JSON.parse((await (await fetch(base)).text()).slice(1)) as { sid: string };
      const post = async (body: string): Promise<void> => {
        expect(
          (await fetch(`${base}&sid=${sid}`, { method: "POST", headers: { "Content-Type": "text/plain" }, body }))
            .status,
        ).toBe(200);
      };
      await post(`40{"token":"${suite.token("ann", { tenantId })}"}`);
      expect(await (await fetch(`${base}&sid=${sid}`)).text()).toContain("40{");
      const watcher = await suite.user("bob", { tenantId });
      await watcher.ok("join", { channel: "c" });
      await post(`420["join",{"channel":"c"}]`);
      await watcher.push("presence", ({ joined }) => joined.some(({ userId }) => userId === "ann"));
      await watcher.push("presence", ({ left }) => left.some(({ userId }) => userId === "ann"));
      expect((await suite.call("/api/socket/connections", { tenantId })).body).toEqual({ count: 1 });
    });

    // The last one: for a moment this address has no handshakes left.
    it("`handshakesPerSecondPerAddress`: what is more is refused with HTTP, before anything is set up", async () => {
      const ask = async (): Promise<number> => {
        const response = await fetch(`${suite.url}/socket.io/?EIO=3&transport=polling`);
        await response.text();
        return response.status;
      };
      // A slow machine may not manage more than what is allowed at the first go.
      const refused = async (): Promise<boolean> =>
        (await Promise.all(Array.from({ length: 300 }, ask))).some((status) => status === 429 || status === 503);
      await expect.poll(refused, { timeout: 20_000, interval: 1 }).toBe(true);
      // REST is not held by it.
      expect((await suite.call("/health", { token: null })).status).toBe(200);
    });
  });
});

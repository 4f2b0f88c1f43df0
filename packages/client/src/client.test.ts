import { afterEach, describe, expect, it, vi } from "vitest";
import { QUICK_HEARTBEAT, TestNode, token } from "../test/node.ts";

const nodes: TestNode[] = [];
afterEach(async () => {
  for (const node of nodes.splice(0)) await node.close();
});

async function start(...args: Parameters<typeof TestNode.start>): Promise<TestNode> {
  const node = await TestNode.start(...args);
  nodes.push(node);
  return node;
}

const until = (check: () => unknown, timeout = 10_000): Promise<void> =>
  vi.waitFor(() => void expect(check()).toBeTruthy(), { timeout, interval: 10 });

describe("the first hour", () => {
  it("subscribes, publishes, joins, sends directly, and reads back", async () => {
    const node = await start();
    const ada = node.client();
    const bob = node.client({ token: token({ userId: "bob" }) });
    expect(ada.client.subscribe({ topic: "chat:1" })).toBe("sub_1");
    const texts: unknown[] = [];
    ada.client.channel("chat:1").on("message", (payload: { text: string }, event) => {
      texts.push([payload.text, event.sender?.userId]);
    });
    await ada.ready();
    expect(await bob.client.socketClient.joinChannel("chat:1", { mood: "fine" })).toMatchObject([
      { userId: "bob", state: { mood: "fine" } },
    ]);
    const published = await bob.client.channel("chat:1").publish("message", { text: "hi" });
    expect(published).toMatchObject({ id: expect.stringMatching(/^[0-9a-f]{32}$/), position: { offset: 1 } });
    await until(() => texts.length);
    expect(texts).toEqual([["hi", "bob"]]);
    expect(await ada.client.socketClient.members("chat:1")).toHaveLength(1);
    expect(await ada.client.socketClient.history("chat:1", { limit: 5 })).toMatchObject({
      events: [{ id: published.id, payload: { text: "hi" } }],
      position: { offset: 1 },
    });
    const direct: unknown[] = [];
    bob.client.on("event:@direct", ({ event, payload, source }) => direct.push([event, payload, source]));
    const { socketId } = bob.client.session ?? {};
    expect(await ada.client.socketClient.directMessage(socketId as string, "ping", 1)).toMatchObject({ delivered: 1 });
    expect(await ada.client.socketClient.directMessage({ userId: "bob" }, "ping", 2)).toMatchObject({ delivered: 1 });
    await until(() => direct.length === 2);
    expect(direct).toEqual([
      ["ping", 1, "direct"],
      ["ping", 2, "direct"],
    ]);
    await expect(ada.client.socketClient.directMessage("nobody", "ping")).rejects.toMatchObject({
      code: "NOT_FOUND",
      retryable: false,
    });
    await bob.client.channel("chat:1").leave();
    expect(await ada.client.channel("chat:1").members()).toEqual([]);
    expect([ada.errors, bob.errors]).toEqual([[], []]);
  });

  it("iterates over a channel, over a reconnect, until disconnect()", async () => {
    const node = await start();
    const { client } = node.client();
    const seen: unknown[] = [];
    const done = (async () => {
      for await (const { payload } of client.channel("c")) {
        seen.push(payload);
        if (seen.length === 1) node.proxy.cut();
        if (seen.length === 2) client.disconnect();
      }
    })();
    await client.socketClient.history("c");
    await node.publish("c", 1);
    await until(() => seen.length === 1);
    await node.publish("c", 2);
    await done;
    expect(seen).toEqual([1, 2]);
    client.connect();
    await client.socketClient.history("c");
    expect(await node.gateway.channels("t", {})).toMatchObject({ total: 0 });
  });

  it("stops what is unsubscribed, also offline", async () => {
    const node = await start();
    const heard = node.client();
    const first = heard.client.subscribe({ topic: "a" });
    const second = heard.client.subscribe({ topic: "b" });
    await heard.ready();
    heard.client.unsubscribe(first);
    heard.client.unsubscribe("sub_99");
    await heard.ready();
    await node.publish("a", 1);
    heard.client.disconnect();
    heard.client.unsubscribe(second);
    heard.client.connect();
    await heard.ready();
    await node.publish("b", 1);
    await heard.ready();
    expect(heard.payloads).toEqual([]);
    expect(heard.errors).toEqual([]);
  });

  it("tells a refused subscription by `error`, and a refused join by its promise", async () => {
    const node = await start({ channels: [{ match: "closed", subscribe: "nobody" }] });
    const heard = node.client();
    const id = heard.client.subscribe({ topic: "closed" });
    await expect(heard.client.socketClient.joinChannel("closed")).rejects.toMatchObject({ code: "FORBIDDEN" });
    await until(() => heard.errors.length);
    expect(heard.errors).toMatchObject([{ code: "FORBIDDEN", channel: "closed", subscriptionId: id }]);
    await expect(heard.client.channel("closed")[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: "FORBIDDEN",
    });
    await expect(heard.client.socketClient.publish("closed", "e")).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(heard.client.socketClient.publish("x", "disconnect")).rejects.toMatchObject({
      code: "INVALID_PAYLOAD",
    });
  });
});

describe("losing the connection", () => {
  it("recovers what was missed, before what comes live, also without ever having had an event", async () => {
    const node = await start();
    const heard = node.client();
    heard.client.subscribe({ topic: "busy" });
    heard.client.subscribe({ topic: "idle" });
    await heard.ready();
    await node.publish("busy", 1);
    await until(() => heard.log.length === 1);
    node.proxy.refusing = true;
    node.proxy.cut();
    await until(() => heard.client.state === "reconnecting");
    for (let i = 2; i <= 20; i++) await node.publish("busy", i);
    await node.publish("idle", "first");
    node.proxy.refusing = false;
    await until(() => heard.log.length === 21);
    await node.publish("busy", 21);
    await until(() => heard.log.length === 22);
    const of = (topic: string): unknown[] =>
      heard.log.flatMap((one) => ("event" in one && one.event.topic === topic ? [one.event.payload] : []));
    expect(of("busy")).toEqual(Array.from({ length: 21 }, (_, i) => i + 1));
    expect(of("idle")).toEqual(["first"]);
    expect(heard.states.filter((state) => state !== "reconnecting")).toEqual(["connected", "connected"]);
  });

  it("notices a connection that is dead without having ended", async () => {
    const node = await start({ attach: QUICK_HEARTBEAT });
    const heard = node.client();
    heard.client.subscribe({ topic: "c" });
    await heard.ready();
    node.proxy.silence("both");
    for (let i = 1; i <= 5; i++) await node.publish("c", i);
    await until(() => heard.log.length === 5);
    expect(heard.payloads).toEqual([1, 2, 3, 4, 5]);
    expect(node.proxy.connections).toBeGreaterThan(1);
  });

  it("says once what cannot be recovered, and follows from there", async () => {
    const node = await start({ channels: [{ match: "c", keep: { size: 3, seconds: 60 } }] });
    const heard = node.client();
    heard.client.subscribe({ topic: "c" });
    heard.client.subscribe({ topic: "c", filter: { n: 1 } });
    await heard.client.socketClient.joinChannel("c");
    node.proxy.refusing = true;
    node.proxy.cut();
    for (let i = 1; i <= 5; i++) await node.publish("c", i);
    node.proxy.refusing = false;
    await until(() => heard.log.length);
    await node.publish("c", 6);
    await until(() => heard.log.length > 1);
    expect(heard.payloads).toEqual(["gap", 6]);
    expect(heard.log[0]).toMatchObject({ gap: { channel: "c", position: { offset: 5 } } });
  });

  it("comes back to a server that was restarted, and says that its memory is gone", async () => {
    const node = await start();
    const heard = node.client();
    heard.client.subscribe({ topic: "c" });
    await heard.ready();
    await node.publish("c", 1);
    await until(() => heard.log.length);
    await node.restart();
    await until(() => heard.log.length === 2);
    await node.publish("c", 2);
    await until(() => heard.log.length === 3);
    expect(heard.payloads).toEqual([1, "gap", 2]);
    expect(heard.errors).toEqual([]);
  });

  it("recovers several filters and a membership together, each event once and in order", async () => {
    const node = await start();
    const heard = node.client();
    heard.client.subscribe({ topic: "c", filter: { n: { lt: 10 } } });
    heard.client.subscribe({ topic: "c", filter: { n: { gte: 5, lt: 15 } } });
    const joined = heard.client.socketClient.joinChannel("d");
    heard.client.subscribe({ topic: "d", filter: { n: 3 } });
    await joined;
    await heard.ready();
    node.proxy.refusing = true;
    node.proxy.cut();
    for (let n = 1; n <= 20; n++) {
      await node.publish("c", { n });
      await node.publish("d", { n });
    }
    node.proxy.refusing = false;
    await until(() => heard.log.length >= 34);
    await node.publish("c", { n: 7 });
    await until(() => heard.log.length >= 35);
    await heard.ready();
    const of = (topic: string): unknown[] =>
      heard.log.flatMap((one) =>
        "event" in one && one.event.topic === topic ? [(one.event.payload as { n: number }).n] : [],
      );
    expect(of("c")).toEqual([...Array.from({ length: 14 }, (_, i) => i + 1), 7]);
    expect(of("d")).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  });

  it("publishes once, however often the answer is lost", async () => {
    const node = await start();
    const { client } = node.client();
    const other = node.client({ token: token({ userId: "bob" }) });
    other.client.subscribe({ topic: "c" });
    await other.ready();
    client.subscribe({ topic: "c" });
    await client.socketClient.history("c");
    node.proxy.silence("client");
    const all = [1, 2, 3].map((n) => client.socketClient.publish("c", "e", n));
    await vi.waitFor(async () => {
      expect((await node.gateway.history({ tenantId: "t", name: "c" })).events).toHaveLength(3);
    });
    node.proxy.cut();
    const offline = client.socketClient.publish("c", "e", 4);
    const ids = await Promise.all([...all, offline]);
    expect(ids.map(({ position }) => position?.offset)).toEqual([1, 2, 3, 4]);
    await until(() => other.log.length === 4);
    expect(other.payloads).toEqual([1, 2, 3, 4]);
  });

  it("takes a channel without history as it is: at most once, no gap", async () => {
    const node = await start({ channels: [{ match: "c", keep: false }] });
    const heard = node.client();
    heard.client.subscribe({ topic: "c" });
    await heard.ready();
    await node.publish("c", 1);
    await until(() => heard.log.length);
    node.proxy.cut();
    await until(() => heard.states.length === 3);
    await heard.ready();
    await node.publish("c", 2);
    await until(() => heard.log.length === 2);
    expect(heard.payloads).toEqual([1, 2]);
  });
});

describe("membership", () => {
  it("joins again with its last state, and tells who came and went meanwhile", async () => {
    const node = await start();
    const ada = node.client();
    const bob = node.client({ token: token({ userId: "bob" }) });
    const carl = node.client({ token: token({ userId: "carl" }), autoConnect: false });
    await ada.client.socketClient.joinChannel("c", { n: 1 });
    await bob.client.socketClient.joinChannel("c");
    expect(await ada.client.socketClient.joinChannel("c", { n: 2 })).toHaveLength(2);
    await ada.client.socketClient.setState("c", { n: 3 });
    const before = ada.client.session?.socketId;
    node.proxy.refusing = true;
    node.proxy.cut();
    await until(() => ada.client.state === "reconnecting" && bob.client.state === "reconnecting");
    bob.client.disconnect();
    ada.presence.length = 0;
    node.proxy.refusing = false;
    carl.client.connect();
    await carl.client.socketClient.joinChannel("c");
    await until(() => {
      const users = new Map<string | null, number>();
      for (const { joined, left } of ada.presence) {
        for (const { userId } of joined) users.set(userId, 1);
        for (const { userId, socketId } of left) if (userId !== "ada" || socketId !== before) users.set(userId, 0);
      }
      return users.get("carl") === 1 && users.get("bob") === 0;
    });
    const members = await carl.client.socketClient.members("c");
    expect(members.map(({ userId, state }) => [userId, state])).toContainEqual(["ada", { n: 3 }]);
  });

  it("is left for good, also offline, and tells nothing after that", async () => {
    const node = await start();
    const heard = node.client();
    await heard.client.socketClient.joinChannel("c");
    heard.client.disconnect();
    await heard.client.socketClient.leaveChannel("c");
    heard.client.connect();
    await heard.ready();
    expect(await heard.client.socketClient.members("c")).toEqual([]);
    await expect(heard.client.socketClient.setState("c", 1)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await heard.client.socketClient.leaveChannel("c");
  });

  it("ends when the last who held it releases it, and neither before nor for whoever joined besides", async () => {
    const node = await start();
    const { client, errors } = node.client();
    const users = async (): Promise<unknown[]> => (await client.socketClient.members("c")).map(({ userId }) => userId);
    await client.socketClient.releaseChannel("c");
    expect(await client.socketClient.holdChannel("c", { n: 1 })).toMatchObject([{ userId: "ada", state: { n: 1 } }]);
    await client.socketClient.holdChannel("c");
    await client.socketClient.releaseChannel("c");
    expect(await users()).toEqual(["ada"]);
    await client.socketClient.joinChannel("c");
    await client.socketClient.releaseChannel("c");
    expect(await users()).toEqual(["ada"]);
    await client.socketClient.holdChannel("c");
    await client.socketClient.leaveChannel("c");
    expect(await users()).toEqual(["ada"]);
    await client.socketClient.releaseChannel("c");
    expect(await users()).toEqual([]);
    expect(errors).toEqual([]);
  });

  it("gives up a join that was left before its answer", async () => {
    const node = await start();
    const { client } = node.client();
    const join = client.socketClient.joinChannel("c");
    const left = client.socketClient.leaveChannel("c");
    await expect(join).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await left;
    expect(await client.socketClient.members("c")).toEqual([]);
  });
});

describe("tokens and endings", () => {
  it("renews a token before it expires, without losing the connection", async () => {
    const node = await start();
    let given = 0;
    const heard = node.client({
      token: () => {
        given++;
        return token({ expiresAt: Date.now() + 1500 });
      },
    });
    await heard.ready();
    await until(() => given >= 5);
    await heard.ready();
    expect(heard.states).toEqual(["connected"]);
    expect(heard.errors).toEqual([]);
    expect(given).toBeLessThan(20);
  });

  it("says who it is, and which subscriptions are in force, on each connection", async () => {
    const node = await start({ channels: [{ match: "bare", keep: false }] });
    const heard = node.client({ autoConnect: false });
    const told: unknown[] = [];
    heard.client.on("session", ({ userId }) => told.push(userId));
    heard.client.on("subscribed", ({ topic, subscriptionId, position }) =>
      told.push([topic, subscriptionId, position?.offset]),
    );
    heard.client.subscribe({ topic: "c" });
    heard.client.subscribe({ topic: "bare" });
    heard.client.connect();
    await heard.ready();
    await node.publish("c", 1);
    await until(() => heard.log.length === 1);
    node.proxy.cut();
    await until(() => heard.states.length === 3);
    await heard.ready();
    expect(told).toEqual([
      "ada",
      ["c", "sub_1", 0],
      ["bare", "sub_2", undefined],
      "ada",
      ["c", "sub_1", 1],
      ["bare", "sub_2", undefined],
    ]);
  });

  it("goes on with another token, without losing anything", async () => {
    const node = await start();
    const heard = node.client();
    heard.client.setToken(token({ userId: "bob" }));
    heard.client.subscribe({ topic: "c" });
    await heard.client.socketClient.joinChannel("m");
    expect(heard.client.session?.userId).toBe("bob");
    const published = heard.client.socketClient.publish("c", "e", 1);
    heard.client.setToken(() => token({ userId: "bob", roles: ["service"] }));
    expect(heard.client.state).toBe("reconnecting");
    await node.publish("c", 2);
    await published;
    await until(() => heard.log.length === 2);
    expect(heard.payloads).toContain(1);
    expect(heard.payloads).toContain(2);
    expect(await heard.client.socketClient.members("m")).toMatchObject([
      { userId: "bob", socketId: heard.client.session?.socketId },
    ]);
    expect(heard.errors).toEqual([]);
    heard.client.disconnect();
    heard.client.setToken("nonsense");
    expect(heard.client.state).toBe("disconnected");
    heard.client.connect();
    await until(() => heard.errors.length);
    expect(heard.errors).toMatchObject([{ code: "UNAUTHENTICATED" }]);
    heard.client.setToken(token());
    heard.client.connect();
    await heard.ready();
    expect(heard.client.session?.userId).toBe("ada");
  });

  it("stops with an error when a fixed token has expired", async () => {
    const node = await start();
    const heard = node.client({ token: token({ expiresAt: Date.now() + 2000 }) });
    await heard.ready();
    await until(() => heard.client.state === "disconnected");
    expect(heard.errors).toMatchObject([{ code: "TOKEN_EXPIRED" }]);
  });

  it("stays away when it was revoked, and comes back when told to", async () => {
    const node = await start();
    const heard = node.client();
    heard.client.subscribe({ topic: "c" });
    await heard.ready();
    await node.gateway.disconnect("t", heard.client.session?.socketId as string);
    await until(() => heard.client.state === "disconnected");
    expect(heard.errors).toMatchObject([{ code: "REVOKED", retryable: false }]);
    await node.publish("c", 1);
    heard.client.connect();
    await until(() => heard.log.length);
    expect(heard.payloads).toEqual([1]);
  });

  it("is refused without credentials, once", async () => {
    const node = await start();
    const heard = node.client({ token: "nonsense" });
    const lost = heard.client.socketClient.publish("c", "e");
    await expect(lost).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    expect(heard.states).toEqual(["disconnected"]);
    expect(node.proxy.connections).toBe(1);
  });

  it("asks for its subscriptions again when one lost its right, and keeps those that did not", async () => {
    let allowed = true;
    const node = await start({
      channels: [{ match: "c", subscribe: "authenticated", presence: () => allowed }],
      recheckSeconds: 0.2,
    });
    const heard = node.client();
    heard.client.subscribe({ topic: "c" });
    await heard.client.socketClient.joinChannel("c");
    allowed = false;
    await until(() => heard.errors.length);
    expect(heard.errors).toMatchObject([{ code: "FORBIDDEN", channel: "c" }]);
    await node.publish("c", 1);
    await until(() => heard.log.length);
    expect(heard.payloads).toEqual([1]);
  });
});

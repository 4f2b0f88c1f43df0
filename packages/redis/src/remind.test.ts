import { randomUUID } from "node:crypto";
import type { BrokerReader, Signal } from "@roomcast/core";
import type { ChannelAddress, Publication } from "@roomcast/protocol";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { ForgetfulProxy } from "../test/forgetful-proxy.ts";
import { RedisCluster } from "../test/redis-cluster.ts";
import { RedisServer } from "../test/redis-server.ts";
import { RedisBroker } from "./broker.ts";
import { ClusterLink } from "./cluster-link.ts";
import { Keys } from "./keys.ts";
import type { RedisLink } from "./link.ts";
import { SingleLink } from "./single-link.ts";

const CHANNEL: ChannelAddress = { tenantId: "acme", name: "chat:1" };
const SOON = { timeout: 15_000, interval: 20 };

let server: RedisServer;
const ends: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  server = await RedisServer.start();
});
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});
afterAll(async () => {
  await server.stop();
});

class Heard implements BrokerReader {
  readonly data: unknown[] = [];
  readonly signals: string[] = [];

  publication(publication: Publication): void {
    this.data.push(publication.data);
  }

  signal(_address: ChannelAddress, signal: Signal): void {
    this.signals.push(signal.type);
  }
}

async function proxied(port = server.port): Promise<ForgetfulProxy> {
  const proxy = await ForgetfulProxy.to(port);
  ends.push(async () => await proxy.close());
  return proxy;
}

async function startedLink(link: RedisLink): Promise<RedisLink> {
  ends.push(async () => await link.close());
  await link.start();
  return link;
}

async function startedBroker(url: string, prefix: string, checkSeconds: number) {
  const broker = new RedisBroker({ link: new SingleLink({ url }), keys: new Keys(prefix), checkSeconds });
  ends.push(async () => await broker.close());
  const heard = new Heard();
  await broker.start(randomUUID(), heard);
  return { broker, heard };
}

/** Ways to forget, of all channels or of one. */
const LOSSES = [
  ["all", async (proxy: ForgetfulProxy) => await proxy.failOver()],
  ["one", async (proxy: ForgetfulProxy, channel: string) => await proxy.unsubscribe(channel)],
] as const;

describe.each(LOSSES)(
  "a Redis that forgot %s of the channels of a node, without breaking the connection",
  (_, forget) => {
    it("is told again when it is asked, and the node hears, and knows that it did not", async () => {
      const proxy = await proxied();
      const link = await startedLink(new SingleLink({ url: proxy.url }));
      const channels = Array.from({ length: 20 }, () => randomUUID());
      const lost = channels[7] as string;
      const heard: string[] = [];
      let resumed = 0;
      link.onResumed(() => void resumed++);
      for (const channel of channels) await link.listen(channel, (message) => void heard.push(message));
      await forget(proxy, lost);
      expect(await server.cli("spublish", lost, "lost")).toBe("0");
      await link.remind();
      expect(resumed).toBe(1);
      for (const channel of channels) expect(await server.cli("spublish", channel, channel)).toBe("1");
      await vi.waitFor(() => expect(heard).toEqual(channels), SOON);
      await link.remind();
      expect(resumed).toBe(1);
      await link.check();
    });

    it("delivers again at the next check: signals, and events with history and without", async () => {
      const prefix = randomUUID();
      const proxy = await proxied();
      const { broker, heard } = await startedBroker(proxy.url, prefix, 0.2);
      const other = await startedBroker(server.url, prefix, 3600);
      await broker.subscribe(CHANNEL);
      const { announcements } = new Keys(prefix).channel(CHANNEL);
      await forget(proxy, announcements);
      const draft = { event: "said", source: "server", timestamp: 1 } as const;
      const keep = { size: 100, seconds: 300 };
      await vi.waitFor(
        async () => expect(await server.cli("pubsub", "shardnumsub", announcements)).toMatch(/1$/),
        SOON,
      );
      await other.broker.publish(CHANNEL, { ...draft, data: "kept" }, { keep });
      await other.broker.publish(CHANNEL, { ...draft, data: "not kept" }, { keep: false });
      const presence = { type: "presence", address: CHANNEL, joined: [], left: [], updated: [] } as const;
      await other.broker.signal(CHANNEL, presence);
      await vi.waitFor(() => expect([heard.data, heard.signals]).toEqual([["kept", "not kept"], ["presence"]]), SOON);
    });
  },
);

describe("a Redis that forgot nothing", () => {
  it("is left alone, however much is begun and ended meanwhile", async () => {
    const proxy = await proxied();
    const link = await startedLink(new SingleLink({ url: proxy.url }));
    let resumed = 0;
    link.onResumed(() => void resumed++);
    const { accepted } = proxy;
    const work: Promise<unknown>[] = [];
    for (let n = 0; n < 300; n++) {
      const channel = `${randomUUID()}:${n % 10}`;
      const listening = link.listen(channel, () => undefined);
      work.push(listening);
      if (n % 3 === 0) work.push(listening.then(async () => await link.unlisten(channel)));
      if (n % 10 === 0) work.push(link.remind());
    }
    await Promise.all(work);
    await link.remind();
    expect([resumed, proxy.accepted]).toEqual([0, accepted]);
  });

  it("is not told again what it refuses", async () => {
    await server.cli("acl", "setuser", "few", "on", ">secret", "~*", "+@all", "resetchannels", "&open:*");
    const link = await startedLink(new SingleLink({ url: server.url.replace("//", "//few:secret@") }));
    let resumed = 0;
    link.onResumed(() => void resumed++);
    await link.listen("open:1", () => undefined);
    const refused = Promise.allSettled([1, 2, 3].map(async (n) => await link.listen(`closed:${n}`, () => undefined)));
    await link.remind();
    for (const one of await refused) expect(one.status).toBe("rejected");
    await link.remind();
    expect(resumed).toBe(0);
  });
});

describe("a client that lost a channel itself", () => {
  it("is told again, too", async () => {
    const link = await startedLink(new SingleLink({ url: server.url }));
    const channel = randomUUID();
    const heard: string[] = [];
    const listener = (message: string): void => void heard.push(message);
    await link.listen(channel, listener);
    // Taken again while it is left: the package of the client believes that it still has it.
    const left = link.unlisten(channel);
    await link.listen(channel, listener);
    await left;
    expect(await server.cli("spublish", channel, "lost")).toBe("0");
    await link.remind();
    expect(await server.cli("spublish", channel, "heard")).toBe("1");
    await vi.waitFor(() => expect(heard).toEqual(["heard"]), SOON);
  });
});

describe("a Redis that may not say whom it counts", () => {
  it("is compared with all the same", async () => {
    await server.cli("acl", "setuser", "mute", "on", ">secret", "~*", "&*", "+@all", "-client|info");
    const link = await startedLink(new SingleLink({ url: server.url.replace("//", "//mute:secret@") }));
    await link.listen(randomUUID(), () => undefined);
    await link.remind();
    await link.check();
  });
});

describe("a node of a Redis Cluster that forgot channels", { timeout: 60_000 }, () => {
  it.each(LOSSES)("%s of them is told again", async (_, forget) => {
    const cluster = await RedisCluster.start();
    ends.push(async () => await cluster.stop());
    const [lost, ...others] = Array.from({ length: 12 }, () => randomUUID()) as [string, ...string[]];
    const owner = await cluster.ownerOf(lost);
    const proxy = await proxied(owner.port);
    // Clients are told this port, and come through the proxy.
    await owner.cli("config", "set", "cluster-announce-port", String(proxy.port));
    const link = await startedLink(new ClusterLink({ rootNodes: [proxy.url] }));
    const heard: string[] = [];
    let resumed = 0;
    link.onResumed(() => void resumed++);
    for (const channel of [lost, ...others]) await link.listen(channel, (message) => void heard.push(message));
    await link.remind();
    await forget(proxy, lost);
    expect(await owner.cli("spublish", lost, "lost")).toBe("0");
    expect(resumed).toBe(0);
    await link.remind();
    await vi.waitFor(() => expect(resumed).toBe(1), SOON);
    expect(await owner.cli("spublish", lost, "heard")).toBe("1");
    for (const channel of others) await link.command(channel, ["SPUBLISH", channel, channel]);
    await vi.waitFor(() => expect(heard.toSorted()).toEqual(["heard", ...others].toSorted()), SOON);
    await link.remind();
    expect(resumed).toBe(1);
  });
});

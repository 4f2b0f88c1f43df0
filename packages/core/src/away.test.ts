import { GatewayError, type ChannelAddress } from "@roomcast/protocol";
import { describe, expect, it } from "vitest";
import type { Draft, HistoryQuery, Keep, PublishOptions, Signal } from "./broker.ts";
import { MemoryBroker } from "./memory-broker.ts";
import { MemoryPresenceStore } from "./memory-presence.ts";
import type { MemberQuery, MemberRecord } from "./presence.ts";
import { ManualClock, TestGateway } from "./testing/index.ts";

const failed = (code: string) => ({ ok: false, error: expect.objectContaining({ code }) as unknown });
const away = (): GatewayError => new GatewayError("UNAVAILABLE", "The broker cannot be reached");

/** A broker that can be away, and whose subscriptions can be made to wait. */
class FlakyBroker extends MemoryBroker {
  down = false;
  /** Set to decide about subscriptions oneself. */
  gate: ((address: ChannelAddress) => Promise<void>) | undefined;

  override async publish(address: ChannelAddress, draft: Draft, options: PublishOptions) {
    if (this.down) throw away();
    return await super.publish(address, draft, options);
  }

  override async signal(address: ChannelAddress, signal: Signal) {
    if (this.down) throw away();
    await super.signal(address, signal);
  }

  override async subscribe(address: ChannelAddress) {
    if (this.down) throw away();
    await this.gate?.(address);
    return await super.subscribe(address);
  }

  override async history(address: ChannelAddress, keep: Keep, query: HistoryQuery) {
    if (this.down) throw away();
    return await super.history(address, keep, query);
  }

  async check(): Promise<void> {
    if (this.down) throw away();
  }
}

/** A presence store that can be away, and that takes its time. */
class FlakyStore extends MemoryPresenceStore {
  down = false;

  override async put(address: ChannelAddress, member: MemberRecord) {
    if (this.down) throw away();
    await super.put(address, member);
  }

  override async remove(address: ChannelAddress, socketId: string) {
    if (this.down) throw away();
    await super.remove(address, socketId);
  }

  override async members(address: ChannelAddress, query: MemberQuery) {
    if (this.down) throw away();
    return await super.members(address, query);
  }
}

function setUp() {
  const clock = new ManualClock();
  const broker = new FlakyBroker({ clock });
  const presence = new FlakyStore();
  const test = new TestGateway({ clock, broker, presence });
  return { test, broker, presence };
}

describe("while the broker is away", () => {
  it("commands fail with UNAVAILABLE, sessions stay, and all works when it is back", async () => {
    const { test, broker } = setUp();
    const alice = await test.connect();
    await alice.request("join", { channel: "a" });
    broker.down = true;
    for (const frame of [
      ["subscribe", { topic: "b" }],
      ["join", { channel: "c" }],
      ["publish", { channel: "a", event: "e" }],
      ["history", { channel: "a" }],
    ]) {
      expect(await alice.request(...frame)).toEqual(failed("UNAVAILABLE"));
    }
    await expect(test.gateway.publish({ tenantId: "default", name: "a" }, "e")).rejects.toMatchObject({
      code: "UNAVAILABLE",
    });
    await expect(test.gateway.ready()).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect([alice.closed, test.gateway.channelCount]).toEqual([undefined, 1]);
    broker.down = false;
    await test.gateway.ready();
    for (const topic of ["b", "c"]) expect(await alice.request("subscribe", { topic })).toMatchObject({ ok: true });
    for (const name of ["a", "b", "c"]) await test.gateway.publish({ tenantId: "default", name }, "e", name);
    expect(alice.events().map(({ payload }) => payload)).toEqual(["a", "b", "c"]);
  });

  it("a subscription that fails late takes no later one of the same channel with it", async () => {
    const { test, broker } = setUp();
    const [alice, bob] = [await test.connect(), await test.connect({ userId: "bob" })];
    let fail!: (error: unknown) => void;
    broker.gate = () => new Promise((_resolve, reject) => (fail = reject));
    const asked = alice.request("subscribe", { topic: "a" });
    await test.settle();
    alice.leave();
    broker.gate = undefined;
    expect(await bob.request("subscribe", { topic: "a" })).toMatchObject({ ok: true });
    fail(away());
    await test.settle();
    await test.gateway.publish({ tenantId: "default", name: "a" }, "e", 1);
    expect([bob.events().length, test.gateway.channelCount]).toEqual([1, 1]);
    void asked;
  });

  it("a subscription that is slow holds events back until it is there, and loses none", async () => {
    const { test, broker } = setUp();
    const alice = await test.connect();
    let open!: () => void;
    broker.gate = () => new Promise((resolve) => (open = resolve));
    const first = alice.request("subscribe", { topic: "a" });
    await test.settle();
    await test.gateway.publish({ tenantId: "default", name: "a" }, "e", 1);
    open();
    const { position } = (await first) as { position: { offset: number } };
    await test.gateway.publish({ tenantId: "default", name: "a" }, "e", 2);
    expect([position.offset, alice.events().map(({ payload }) => payload)]).toEqual([1, [2]]);
  });
});

describe("while the presence store is away", () => {
  it("joins fail and leave nothing, events flow on, and leaving works for the client", async () => {
    const failures: string[] = [];
    const { test, presence } = setUp();
    const [alice, bob] = [await test.connect(), await test.connect({ userId: "bob" })];
    for (const one of [alice, bob]) await one.request("subscribe", { topic: "a" });
    presence.down = true;
    expect(await alice.request("join", { channel: "b" })).toEqual(failed("UNAVAILABLE"));
    expect(await alice.request("members", { channel: "a" })).toEqual(failed("UNAVAILABLE"));
    expect(await alice.request("publish", { channel: "b", event: "e" })).toEqual(failed("FORBIDDEN"));
    expect(await alice.request("publish", { channel: "a", event: "e", data: 1 })).toMatchObject({ ok: true });
    expect(bob.events().length).toBe(1);
    alice.leave();
    await test.settle();
    expect([test.gateway.sessionCount, test.gateway.channelCount, failures]).toEqual([1, 1, []]);
    presence.down = false;
    expect(await bob.request("join", { channel: "b" })).toMatchObject({ ok: true, total: 1 });
  });
});

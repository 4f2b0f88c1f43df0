import type { Member, PresenceChange } from "@roomcast/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemoryBroker } from "./memory-broker.ts";
import { PresenceWindows } from "./presence-window.ts";
import { ManualClock, TestGateway, type TestClient } from "./testing/index.ts";

const address = { tenantId: "t", name: "room" };
const member = (state?: unknown): Member => ({
  socketId: "s1",
  userId: "ann",
  joinedAt: 1,
  ...(state === undefined ? undefined : { state }),
});

type Kind = "joined" | "left" | "updated";

async function pushed(kinds: readonly Kind[]): Promise<readonly PresenceChange[]> {
  const clock = new ManualClock();
  const broker = new MemoryBroker({ clock });
  const changes: PresenceChange[] = [];
  await broker.start("n", {
    publication: () => {},
    signal: (_address, signal) => changes.push(signal as PresenceChange),
  });
  await broker.subscribe(address);
  const windows = new PresenceWindows({ clock, broker, observer: {} });
  for (const [n, kind] of kinds.entries()) windows.add(address, kind, member(n));
  await clock.advance(100);
  expect(clock.pending).toBe(0);
  return changes;
}

describe("PresenceWindows", () => {
  it("merges what one session does in a window", async () => {
    const table: readonly (readonly [readonly Kind[], Kind | undefined])[] = [
      [["joined"], "joined"],
      [["updated"], "updated"],
      [["left"], "left"],
      [["joined", "updated"], "joined"],
      [["joined", "left"], undefined],
      [["joined", "updated", "left"], undefined],
      [["joined", "left", "joined"], "joined"],
      [["updated", "updated"], "updated"],
      [["updated", "left"], "left"],
      [["left", "joined"], "updated"],
      [["left", "joined", "left"], "left"],
      [["left", "joined", "updated"], "updated"],
    ];
    for (const [kinds, result] of table) {
      const changes = await pushed(kinds);
      if (result === undefined) {
        expect([kinds, changes]).toEqual([kinds, []]);
        continue;
      }
      const empty = { type: "presence", address, joined: [], left: [], updated: [] };
      expect([kinds, changes]).toEqual([kinds, [{ ...empty, [result]: [member(kinds.length - 1)] }]]);
    }
  });

  it("gathers for 100 ms from the first change on, each channel by itself", async () => {
    const test = new TestGateway();
    const watcher = await test.connect({ userId: "watcher" });
    await watcher.request("join", { channel: "a" });
    await watcher.request("join", { channel: "b" });
    await test.advance(100);
    const one = await test.connect({ userId: "one" });
    await one.request("join", { channel: "a" });
    await test.advance(60);
    const two = await test.connect({ userId: "two" });
    await two.request("join", { channel: "a" });
    await two.request("join", { channel: "b" });
    await test.advance(39);
    expect(watcher.received("presence")).toEqual([]);
    await test.advance(1);
    expect(watcher.received("presence")).toMatchObject([
      { channel: "a", joined: [{ userId: "one" }, { userId: "two" }], left: [], updated: [] },
    ]);
    await test.advance(59);
    expect(watcher.received("presence").length).toBe(1);
    await test.advance(1);
    expect(watcher.received("presence")[1]).toMatchObject({ channel: "b", joined: [{ userId: "two" }] });
  });

  it("gives all members the same push, skips who would hear of nothing but itself, and who only subscribes", async () => {
    const test = new TestGateway();
    const [one, two, three] = [await test.connect(), await test.connect(), await test.connect()];
    const reader = await test.connect();
    await reader.request("subscribe", { topic: "a" });
    await one.request("join", { channel: "a" });
    await test.advance(100);
    expect(one.received("presence")).toEqual([]);
    await two.request("join", { channel: "a" });
    await three.request("join", { channel: "a", state: { typing: true } });
    await test.advance(100);
    const [push] = one.received("presence");
    expect(push).toMatchObject({ joined: [{ socketId: two.id }, { socketId: three.id, state: { typing: true } }] });
    expect(two.received("presence")).toEqual([push]);
    expect(three.received("presence")).toEqual([push]);
    expect(reader.received("presence")).toEqual([]);
  });

  it("does not announce who comes and goes inside one window", async () => {
    const test = new TestGateway();
    const watcher = await test.connect();
    await watcher.request("join", { channel: "a" });
    await test.advance(100);
    const guest = await test.connect({ userId: "guest" });
    await guest.request("join", { channel: "a" });
    guest.leave();
    await test.advance(1000);
    expect(watcher.received("presence")).toEqual([]);
    expect(await watcher.request("members", { channel: "a" })).toMatchObject({ total: 1 });
  });

  it("has members who apply the pushes come to the true list", async () => {
    const step = fc.record({
      who: fc.integer({ min: 0, max: 3 }),
      what: fc.constantFrom("join", "leave", "state", "go", "wait", "wait"),
      value: fc.integer({ min: 0, max: 130 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const test = new TestGateway();
        const watcher = await test.connect({ userId: "watcher" });
        const seen = new Map<unknown, unknown>();
        const reply = await watcher.request("join", { channel: "a" });
        for (const one of reply["members"] as Member[]) seen.set(one.socketId, one);
        const clients: (TestClient | undefined)[] = [];
        for (const { who, what, value } of steps) {
          const client = (clients[who] ??= await test.connect({ userId: `user${who}` }));
          if (what === "join") await client.request("join", { channel: "a", state: value });
          else if (what === "leave") await client.request("leave", { channel: "a" });
          else if (what === "state") await client.request("state", { channel: "a", state: [value] });
          else if (what === "wait") await test.advance(value);
          else {
            client.leave();
            clients[who] = undefined;
          }
        }
        await test.advance(200);
        for (const { joined, left, updated } of watcher.received("presence") as unknown as PresenceChange[]) {
          for (const one of [...joined, ...updated]) seen.set(one.socketId, one);
          for (const one of left) seen.delete(one.socketId);
        }
        const { members } = await test.gateway.members({ tenantId: "default", name: "a" });
        const order = (list: readonly unknown[]): string[] => list.map((one) => JSON.stringify(one)).toSorted();
        const others = (list: readonly Member[]): Member[] => list.filter(({ socketId }) => socketId !== watcher.id);
        expect(order(others([...seen.values()] as Member[]))).toEqual(order(others(members)));
      }),
      { numRuns: 60 },
    );
  });
});

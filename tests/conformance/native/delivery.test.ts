import { describe, expect, it } from "vitest";
import type { Client } from "./client.ts";
import { unique, useTarget } from "./suite.ts";
import type { Position, RealtimeEvent } from "./wire.ts";

const suite = useTarget("main");

function offsets(events: readonly RealtimeEvent[] | undefined): readonly (number | undefined)[] {
  return (events ?? []).map(({ position }) => position?.offset);
}

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from + 1 }, (_, n) => from + n);
}

/** Publishes so many events, whose payloads are the offsets that they get in an empty channel. */
async function publish(
  channel: string,
  count: number,
  options: { first?: number; data?: (n: number) => unknown } = {},
): Promise<Position> {
  const { first = 1, data = (n: number) => n } = options;
  const service = await suite.service();
  const results = await Promise.all(
    range(first, first + count - 1).map((n) => service.ok("publish", { channel, event: "e", data: data(n) })),
  );
  service.close();
  return results.at(-1)?.position as Position;
}

describe("5. delivery", () => {
  it("comes from another node, where there are several", async () => {
    const [reader, other, service] = [await suite.user(), await suite.user(), await suite.service()];
    const { nodeId, socketId } = reader.session;
    const several = suite.target.urls.length > 1;
    expect([other, service].map(({ session }) => session.nodeId !== nodeId)).toEqual([several, several]);
    const topic = unique("topic:");
    await reader.ok("subscribe", { topic });
    await service.ok("publish", { channel: topic, event: "e", data: "by a service" });
    await suite.broadcast(topic, "by REST");
    await reader.eventsOf(topic, 2);
    expect(reader.payloads(topic)).toEqual(["by a service", "by REST"]);
    expect(await other.ok("direct", { to: { socketId }, event: "e" })).toMatchObject({ delivered: 1 });
    await reader.eventsOf("@direct", 1);
  });

  describe("order", () => {
    it("is that of the offsets, for every reader, whoever publishes", async () => {
      const topic = unique("long:");
      const readers = await Promise.all([1, 2, 3].map(() => suite.user()));
      for (const reader of readers) await reader.ok("subscribe", { topic });
      const publishers = await Promise.all([1, 2, 3].map(() => suite.service()));
      await Promise.all(
        publishers.flatMap((publisher, p) =>
          range(1, 100).map((n) => publisher.ok("publish", { channel: topic, event: "e", data: [p, n] })),
        ),
      );
      const seen = await Promise.all(readers.map((reader) => reader.eventsOf(topic, 300)));
      for (const events of seen) {
        expect(offsets(events)).toEqual(range(1, 300));
        expect(events).toEqual(seen[0]);
        // What one connection sent in order is in that order.
        for (const p of [0, 1, 2]) {
          const own = events.map(({ payload }) => payload as [number, number]).filter(([publisher]) => publisher === p);
          expect(own.map(([, n]) => n)).toEqual(range(1, 100));
        }
      }
    });

    it("keeps replies, events and pushes of one connection in the order in which they were decided", async () => {
      const client = await suite.user();
      const topic = unique("topic:");
      await client.ok("subscribe", { topic });
      const log: string[] = [];
      client.socket.onAny((_event, push: RealtimeEvent) => log.push(`event ${push.event}`));
      await Promise.all(
        range(1, 30).map(async (n) => {
          await client.ok("publish", { channel: topic, event: `e${n}` });
        }),
      );
      await client.eventsOf(topic, 30);
      expect(log).toEqual(range(1, 30).map((n) => `event e${n}`));
    });

    it("gives nothing of a subscription before its answer", async () => {
      const topic = unique("long:");
      const service = await suite.service();
      const client = await suite.user();
      const storm = Promise.all(
        range(1, 200).map((data) => service.ok("publish", { channel: topic, event: "e", data })),
      );
      let answered = false;
      let early = 0;
      client.socket.onAny(() => {
        if (!answered) early++;
      });
      const { position } = await new Promise<{ position: Position }>((resolve) => {
        client.socket.emit("subscribe", { topic }, (answer: { position: Position }) => {
          answered = true;
          resolve(answer);
        });
      });
      await storm;
      await client.until(() => client.events(topic).length === 200 - position.offset, "the rest of the storm");
      expect(early).toBe(0);
      expect(offsets(client.events(topic))).toEqual(range(position.offset + 1, 200));
    });
  });

  describe("recovery, with history on", () => {
    /** Comes back as a new connection of the same user. */
    const comeBack = async (
      topic: string,
      since: unknown,
      options: object = {},
    ): Promise<{
      client: Client;
      answer: Awaited<ReturnType<Client["ok"]>> & {
        position?: Position;
        recovered?: boolean;
        events?: readonly RealtimeEvent[];
      };
    }> => {
      const client = await suite.user("ann");
      return { client, answer: await client.ok("subscribe", { topic, since, ...options }) };
    };

    it("of a reader at the top: recovered, nothing missed", async () => {
      const topic = unique("topic:");
      const top = await publish(topic, 5);
      const { answer } = await comeBack(topic, top);
      expect(answer).toEqual({ subscriptionId: expect.any(String), position: top, recovered: true, events: [] });
    });

    it("within the log: exactly what was missed, once, before anything live", async () => {
      const topic = unique("topic:");
      const client = await suite.user("ann");
      await client.ok("subscribe", { topic });
      await publish(topic, 3);
      const last = (await client.eventsOf(topic, 3)).at(-1);
      client.socket.io.engine.close();
      const top = await publish(topic, 4, { first: 4 });
      const back = await comeBack(topic, last?.position);
      expect(back.answer).toMatchObject({ position: top, recovered: true });
      expect(back.answer.events?.map(({ payload }) => payload)).toEqual([4, 5, 6, 7]);
      expect(back.answer.events?.[0]).toEqual({
        id: expect.any(String),
        topic,
        event: "e",
        payload: 4,
        source: "socket",
        sender: expect.any(Object),
        timestamp: expect.any(Number),
        position: { epoch: top.epoch, offset: 4 },
      });
      await publish(topic, 1, { first: 8 });
      await back.client.eventsOf(topic, 1);
      expect(back.client.payloads(topic)).toEqual([8]);
    });

    it("of a reader that never got an event: all since it came", async () => {
      const topic = unique("topic:");
      const { position } = await (await suite.user("ann")).ok("subscribe", { topic });
      expect(position?.offset).toBe(0);
      await publish(topic, 3);
      const { answer } = await comeBack(topic, position);
      expect(answer).toMatchObject({ recovered: true });
      expect(offsets(answer.events)).toEqual([1, 2, 3]);
    });

    it("of an idle reader of a channel where nothing happened: recovered", async () => {
      const topic = unique("topic:");
      const { position } = await (await suite.user("ann")).ok("subscribe", { topic });
      const { answer } = await comeBack(topic, position);
      expect(answer).toEqual({ subscriptionId: expect.any(String), position, recovered: true, events: [] });
    });

    it("at the edge of the log: recovered while it still reaches `since + 1`, else none", async () => {
      const topic = unique("five:");
      const top = await publish(topic, 12);
      const { epoch } = top;
      const inside = await comeBack(topic, { epoch, offset: 7 });
      expect(inside.answer).toMatchObject({ recovered: true, position: top });
      expect(offsets(inside.answer.events)).toEqual([8, 9, 10, 11, 12]);
      for (const offset of [0, 1, 6]) {
        const beyond = await comeBack(topic, { epoch, offset });
        expect(beyond.answer).toEqual({ subscriptionId: expect.any(String), position: top, recovered: false });
        await publish(topic, 0);
      }
    });

    it("of another epoch, or from beyond the top: not recovered, no events, the current position", async () => {
      const topic = unique("topic:");
      const top = await publish(topic, 3);
      for (const since of [
        { epoch: "another", offset: 2 },
        { epoch: "another", offset: 3 },
        { epoch: top.epoch, offset: 4 },
        { epoch: top.epoch, offset: Number.MAX_SAFE_INTEGER },
      ]) {
        const { answer, client } = await comeBack(topic, since);
        expect(answer).toEqual({ subscriptionId: expect.any(String), position: top, recovered: false });
        client.close();
      }
    });

    it("goes on live after a failed one", async () => {
      const topic = unique("five:");
      await publish(topic, 12);
      const { client } = await comeBack(topic, { epoch: "another", offset: 1 });
      await publish(topic, 1, { first: 13 });
      expect(offsets(await client.eventsOf(topic, 1))).toEqual([13]);
    });

    it("sees no false gap when the log aged away: the top is still the top, the rest is gone", async () => {
      const topic = unique("brief:");
      const top = await publish(topic, 3);
      const path = `/api/socket/channels/${topic}/history`;
      let kept: { readonly events: readonly RealtimeEvent[]; readonly position: Position };
      do kept = (await suite.call<typeof kept>(path)).body;
      while (kept.events.length > 0);
      expect(kept.position).toEqual(top);
      expect((await comeBack(topic, top)).answer).toEqual({
        subscriptionId: expect.any(String),
        position: top,
        recovered: true,
        events: [],
      });
      expect((await comeBack(topic, { ...top, offset: 2 })).answer).toEqual({
        subscriptionId: expect.any(String),
        position: top,
        recovered: false,
      });
      expect(await publish(topic, 1)).toEqual({ epoch: top.epoch, offset: 4 });
    });

    it("works for `join` too", async () => {
      const channel = unique("topic:");
      const top = await publish(channel, 3);
      const client = await suite.user("ann");
      const answer = await client.ok("join", { channel, since: { ...top, offset: 1 } });
      expect(answer).toMatchObject({ total: 1, position: top, recovered: true });
      expect(offsets(answer.events)).toEqual([2, 3]);
    });

    it("gives a filtered reader what matches", async () => {
      const topic = unique("topic:");
      const top = await publish(topic, 10, { data: (n) => ({ even: n % 2 === 0, n }) });
      const { answer } = await comeBack(topic, { ...top, offset: 4 }, { filter: { even: true } });
      expect(answer).toMatchObject({ recovered: true, position: top });
      expect(offsets(answer.events)).toEqual([6, 8, 10]);
    });

    it("needs the `history` right", async () => {
      const topic = unique("forgetful:");
      const top = await publish(topic, 3);
      const { answer, client } = await comeBack(topic, { ...top, offset: 1 });
      expect(answer).toMatchObject({ recovered: false });
      expect(answer).not.toHaveProperty("events");
      await client.refused("history", { channel: topic }, "FORBIDDEN");
    });

    it("is never partial: what is more than 1,000 events or 256 KiB is not recovered", async () => {
      const many = unique("long:");
      const topOfMany = await publish(many, 1005);
      expect((await comeBack(many, { ...topOfMany, offset: 2 })).answer).toEqual({
        subscriptionId: expect.any(String),
        position: topOfMany,
        recovered: false,
      });
      const some = await comeBack(many, { ...topOfMany, offset: 705 });
      expect(offsets(some.answer.events)).toEqual(range(706, 1005));
      const large = unique("topic:");
      const topOfLarge = await publish(large, 6, { data: () => "x".repeat(60_000) });
      expect((await comeBack(large, { ...topOfLarge, offset: 0 })).answer).toEqual({
        subscriptionId: expect.any(String),
        position: topOfLarge,
        recovered: false,
      });
      expect(offsets((await comeBack(large, { ...topOfLarge, offset: 3 })).answer.events)).toEqual([4, 5, 6]);
    });

    it("loses and repeats nothing while events go on", async () => {
      const topic = unique("long:");
      const { position } = await (await suite.user("ann")).ok("subscribe", { topic });
      const service = await suite.service();
      let published = 0;
      let over = false;
      const storm = (async () => {
        while (!over) {
          await service.ok("publish", { channel: topic, event: "e", data: ++published });
        }
      })();
      const seen: RealtimeEvent[] = [];
      let since = position as Position;
      for (let life = 0; life < 15; life++) {
        const client = await suite.user("ann");
        const answer = await client.ok("subscribe", { topic, since });
        expect(answer.recovered).toBe(true);
        await client.eventsOf(topic, 1 + (life % 4));
        client.socket.io.engine.close();
        await client.ended();
        seen.push(...(answer.events ?? []), ...client.events(topic));
        since = seen.at(-1)?.position ?? since;
      }
      over = true;
      await storm;
      expect(offsets(seen)).toEqual(range(1, seen.length));
      expect(seen.map(({ payload }) => payload)).toEqual(range(1, seen.length));
    });
  });

  describe("with history off", () => {
    it("delivers at most once, gives no position, and recovers nothing", async () => {
      const topic = unique("plain:");
      await publish(topic, 3);
      const client = await suite.user();
      const answer = await client.ok("subscribe", { topic, since: { epoch: "e", offset: 1 } });
      expect(answer).toEqual({ subscriptionId: expect.any(String), recovered: false });
      await publish(topic, 2, { first: 4 });
      await suite.fence(client);
      expect(client.payloads(topic)).toEqual([4, 5]);
      for (const event of client.events(topic)) expect(event).not.toHaveProperty("position");
    });

    it("has an empty history", async () => {
      const topic = unique("plain:");
      await publish(topic, 3);
      expect((await (await suite.user()).ok("history", { channel: topic })).events).toEqual([]);
    });
  });

  describe("a slow reader", () => {
    /** Stops to read, as a machine does that is asleep. */
    const stall = (client: Client): (() => void) => {
      const { ws } = client.socket.io.engine.transport as unknown as { ws: { pause(): void; resume(): void } };
      ws.pause();
      return () => ws.resume();
    };
    const flood = async (channel: string): Promise<Position> => {
      const service = await suite.service();
      let position: Position | undefined;
      const data = "x".repeat(60_000);
      // More than the sockets of both sides hold, and the backlog behind them.
      for (let n = 0; n < 25; n++) {
        const results = await Promise.all(
          range(1, 16).map(() => service.ok("publish", { channel, event: "flood", data })),
        );
        position = results.at(-1)?.position;
      }
      return position as Position;
    };

    it("is disconnected where the channel says so, and others are served on", async () => {
      const topic = unique("topic:");
      const [slow, quick] = [await suite.user(), await suite.user()];
      await slow.ok("subscribe", { topic });
      await quick.ok("subscribe", { topic });
      const resume = stall(slow);
      const top = await flood(topic);
      await quick.until(() => quick.events(topic).at(-1)?.position?.offset === top.offset, "the whole flood");
      expect(offsets(quick.events(topic))).toEqual(range(1, top.offset));
      const { body } = await suite.call<{ socketId: string }[]>(
        `/api/socket/connections/list?userId=${slow.session.userId}`,
      );
      expect(body).toEqual([]);
      resume();
      await slow.ended();
      for (const closing of slow.pushes("closing"))
        expect(closing).toMatchObject({ code: "SLOW_CONSUMER", reconnect: true });
      // A client that comes back by itself would.
      expect(["transport close", "transport error", "parse error"]).toContain(slow.reason);
    });

    it("hears of a `gap` where the channel says `resync`, and follows from there", async () => {
      const topic = unique("resync:");
      const slow = await suite.user();
      await slow.ok("subscribe", { topic });
      const resume = stall(slow);
      const top = await flood(topic);
      resume();
      const gap = await slow.push("gap");
      expect(gap).toEqual({ channel: topic, position: { epoch: top.epoch, offset: expect.any(Number) } });
      const before = offsets(slow.events(topic));
      expect(before).toEqual(range(1, before.length));
      expect(before.length).toBeLessThan(top.offset);
      await publish(topic, 3);
      await slow.until(
        () => slow.events(topic).at(-1)?.position?.offset === top.offset + 3,
        "the events after the gap",
      );
      const after = offsets(slow.events(topic)).slice(before.length);
      expect(after).toEqual(range(gap.position.offset + 1, top.offset + 3));
      expect(slow.reason).toBeUndefined();
    });
  });
});

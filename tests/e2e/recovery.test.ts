import { RealtimeClient } from "@roomcast/client";
import fc from "fast-check";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Listener } from "./listener.ts";
import { sign, startNode, until, type Node } from "./node.ts";
import { Proxy } from "./proxy.ts";

const KEEP = 12;
const TOPICS = ["chat:a", "chat:b", "quiet"] as const;
const BUSY = ["chat:a", "chat:b"] as const;

type Step =
  | {
      readonly kind: "publish";
      readonly topic: (typeof BUSY)[number];
      readonly count: number;
      readonly by: "server" | "client";
    }
  | { readonly kind: "drop"; readonly how: "abrupt" | "half-open" | "client-closes" }
  | { readonly kind: "restart"; readonly handover: boolean }
  | { readonly kind: "settle" };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("publish" as const),
      topic: fc.constantFrom(...BUSY),
      // Now and then more than the log keeps: then the loss must be announced.
      count: fc.oneof(
        { weight: 4, arbitrary: fc.integer({ min: 1, max: 5 }) },
        { weight: 1, arbitrary: fc.constant(KEEP + 3) },
      ),
      by: fc.constantFrom("server" as const, "client" as const),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("drop" as const),
      how: fc.constantFrom("abrupt" as const, "half-open" as const, "client-closes" as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("restart" as const), handover: fc.boolean() }) },
  { weight: 2, arbitrary: fc.constant({ kind: "settle" as const }) },
);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "roomcast-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Readers, a writer and a node behind a bad network. */
class World {
  readonly proxy = new Proxy();
  readonly listeners: Listener[] = [];
  readonly clients: RealtimeClient[] = [];
  /** Publications that were acknowledged, by topic: their numbers. */
  readonly acknowledged = new Map<string, number[]>(TOPICS.map((topic) => [topic, []]));
  readonly writing: Promise<void>[] = [];
  node!: Node;
  writer!: RealtimeClient;
  #number = 0;
  readonly #history = join(folder, `${Math.random()}.jsonl`);

  async open(): Promise<void> {
    const url = await this.proxy.listen();
    await this.start(true);
    for (let i = 0; i < 3; i++) {
      const client = await this.#client(url, `reader${i}`);
      for (const topic of TOPICS) this.listeners.push(new Listener(client, topic));
    }
    this.writer = await this.#client(url, "writer", { permissions: ["service"] });
    // Answered after the subscriptions, so that each reader knows where it stands; it has not seen any event.
    for (const client of this.clients) await client.socketClient.history("quiet");
  }

  async start(handover: boolean): Promise<void> {
    this.node = await startNode({
      channels: [{ match: "**", keep: { size: KEEP, seconds: 300 } }],
      // Bursts are not what is tested here.
      limits: { commandsPerSecond: 10_000, commandBurst: 10_000 },
      ...(handover ? { history: this.#history } : undefined),
    });
    this.proxy.target = this.node.port;
  }

  async restart(handover: boolean): Promise<void> {
    this.proxy.target = undefined;
    await this.node.roomcast.close({ drainSeconds: 2 });
    if (!handover) await rm(this.#history, { force: true });
    await this.start(true);
  }

  publish(topic: string, count: number, by: "server" | "client"): void {
    for (let i = 0; i < count; i++) {
      const number = ++this.#number;
      const published =
        by === "server"
          ? this.node.gateway.publish({ tenantId: "default", name: topic }, "n", { number })
          : this.writer.socketClient.publish(topic, "n", { number });
      this.writing.push(Promise.resolve(published).then(() => void this.acknowledged.get(topic)?.push(number)));
    }
  }

  drop(how: (Step & { kind: "drop" })["how"]): void {
    if (how === "abrupt") this.proxy.cut();
    else if (how === "half-open") this.proxy.stall();
    else {
      const client = this.clients[0] as RealtimeClient;
      client.disconnect();
      client.connect();
    }
  }

  /** Waits until every reader stands where each log does. */
  async settle(): Promise<void> {
    await Promise.all(this.writing);
    for (const topic of TOPICS) {
      const { position } = await this.node.gateway.history({ tenantId: "default", name: topic });
      for (const listener of this.listeners.filter((one) => one.topic === topic)) {
        await until(
          () => listener.client.state === "connected" && stands(listener, position?.offset ?? 0, position?.epoch),
          () => `${topic}: at ${JSON.stringify(listener.heard.at(-1))}, the log at ${JSON.stringify(position)}`,
        );
      }
    }
  }

  async close(): Promise<void> {
    for (const client of this.clients) client.disconnect();
    await this.proxy.close();
    await this.node.roomcast.close({ drainSeconds: 1 });
  }

  async #client(url: string, userId: string, claims: Readonly<Record<string, unknown>> = {}): Promise<RealtimeClient> {
    const client = new RealtimeClient({ url, token: await sign(userId, claims), reconnectionDelay: 20 });
    this.clients.push(client);
    return client;
  }
}

function stands(listener: Listener, offset: number, epoch: string | undefined): boolean {
  const last = listener.heard.at(-1);
  if (last === undefined) return offset === 0;
  const position = last.kind === "event" ? last.event.position : last.gap.position;
  return position?.offset === offset && (position.epoch === epoch || offset === 0);
}

describe("recovery through the SDK", () => {
  it("gives every listener each kept event once and in order, and announces what it cannot", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 12 }), async (steps) => {
        const world = new World();
        try {
          await world.open();
          for (const one of steps) {
            if (one.kind === "publish") world.publish(one.topic, one.count, one.by);
            else if (one.kind === "drop") world.drop(one.how);
            else if (one.kind === "restart") {
              await world.settle();
              await world.restart(one.handover);
            } else await world.settle();
          }
          await world.settle();
          expect(world.listeners.flatMap((listener) => listener.violations())).toEqual([]);
          // A handed-over log, a short absence: nothing of it is a gap for those who were told of none.
          for (const listener of world.listeners) {
            const numbers = listener.events.map(({ payload }) => (payload as { number: number }).number);
            expect(new Set(numbers).size).toBe(numbers.length);
            if (listener.gaps > 0) continue;
            expect([...numbers].sort((a, b) => a - b)).toEqual(
              [...(world.acknowledged.get(listener.topic) ?? [])].sort((a, b) => a - b),
            );
          }
        } finally {
          await world.close();
        }
      }),
      { numRuns: 20, endOnFailure: true },
    );
  }, 120_000);
});

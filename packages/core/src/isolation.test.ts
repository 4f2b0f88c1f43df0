import type { ChannelAddress, Member, Position } from "@roomcast/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Draft, PublishOptions } from "./broker.ts";
import type { GatewayOptions } from "./gateway.ts";
import { MemoryBroker } from "./memory-broker.ts";
import { MemoryPresenceStore } from "./memory-presence.ts";
import type { MemberQuery } from "./presence.ts";
import { ManualClock, TestGateway, type TestClient } from "./testing/index.ts";

/**
 * Two tenants that have everything in common but their name: users, channels, subscription ids, idempotency keys, data.
 * What one of them sees must be what it would see if the other did not exist.
 */
const TENANTS = ["one", "two"] as const;
type Tenant = (typeof TENANTS)[number];

const CHANNELS = ["chat:1", "user:ann", "notifications:ann", "org:one", "org:two", "one/chat:1", "inbox:ann"];
const USERS = ["ann", "bob"];
const CLIENTS = 3;

type Step =
  | { readonly kind: "command"; readonly client: number; readonly frame: readonly [string, object] }
  | { readonly kind: "history"; readonly client: number; readonly channel: string; readonly since: boolean }
  | { readonly kind: "publish" | "notify" | "direct" | "revoke"; readonly channel: string; readonly user: string }
  | { readonly kind: "reconnect" | "resume"; readonly client: number; readonly channel: string }
  | { readonly kind: "wait"; readonly ms: number };

const channel = fc.constantFrom(...CHANNELS);
const client = fc.nat(CLIENTS - 1);
const user = fc.constantFrom(...USERS);
const key = fc.constantFrom("k1", "k2");
const data = fc.constantFrom<unknown>(1, { x: 1 }, { x: 2 });
const id = fc.constantFrom("s1", "s2");
const filter = fc.constantFrom<object>({}, { filter: { x: 1 } }, { filter: { x: { gt: 1 } } });

const frame: fc.Arbitrary<readonly [string, object]> = fc.oneof(
  fc
    .tuple(channel, id, filter)
    .map(([topic, subscriptionId, more]) => ["subscribe", { topic, subscriptionId, ...more }] as const),
  id.map((subscriptionId) => ["unsubscribe", { subscriptionId }] as const),
  fc.tuple(channel, data).map(([name, state]) => ["join", { channel: name, state }] as const),
  channel.map((name) => ["leave", { channel: name }] as const),
  fc.tuple(channel, data).map(([name, value]) => ["publish", { channel: name, event: "e", data: value }] as const),
  fc
    .tuple(channel, data, key)
    .map(([name, value, once]) => ["publish", { channel: name, event: "e", data: value, id: once }] as const),
  fc.tuple(user, data).map(([userId, value]) => ["direct", { to: { userId }, event: "e", data: value }] as const),
  channel.map((name) => ["members", { channel: name }] as const),
  fc.tuple(channel, data).map(([name, state]) => ["state", { channel: name, state }] as const),
);

const step: fc.Arbitrary<Step> = fc.oneof(
  { arbitrary: fc.record({ kind: fc.constant("command" as const), client, frame }), weight: 10 },
  { arbitrary: fc.record({ kind: fc.constant("history" as const), client, channel, since: fc.boolean() }), weight: 2 },
  { arbitrary: fc.record({ kind: fc.constantFrom("publish", "notify", "direct"), channel, user }), weight: 3 },
  { arbitrary: fc.record({ kind: fc.constantFrom("reconnect", "resume"), client, channel }), weight: 2 },
  { arbitrary: fc.record({ kind: fc.constant("revoke" as const), channel, user }), weight: 1 },
  { arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.constantFrom(1, 100, 300_000) }), weight: 2 },
);

const run = fc.array(fc.tuple(fc.constantFrom(...TENANTS), step), { minLength: 5, maxLength: 60 });

/** One tenant's clients and all that they and its back end were told, with the names that the gateway gave replaced. */
class Witness {
  readonly #test: TestGateway;
  readonly #tenant: Tenant;
  readonly #clients: (TestClient | undefined)[] = [];
  readonly #told: unknown[] = [];
  readonly #names = new Map<string, string>();
  readonly #last = new Map<string, Position>();

  constructor(test: TestGateway, tenant: Tenant) {
    this.#test = test;
    this.#tenant = tenant;
  }

  async step(one: Step): Promise<void> {
    const { gateway } = this.#test;
    const tenantId = this.#tenant;
    switch (one.kind) {
      case "wait":
        return;
      case "command":
        await this.#ask(one.client, ...one.frame);
        return;
      case "history": {
        const since = one.since ? this.#last.get(one.channel) : undefined;
        await this.#ask(one.client, "history", { channel: one.channel, ...(since && { since }) });
        return;
      }
      case "reconnect":
        this.#clients[one.client]?.leave();
        this.#clients[one.client] = undefined;
        await this.#client(one.client);
        return;
      case "resume": {
        const since = this.#last.get(one.channel);
        await this.#ask(one.client, "subscribe", { topic: one.channel, ...(since && { since }) });
        return;
      }
      case "publish":
        this.#tell(
          "publish",
          await gateway.publish({ tenantId, name: one.channel }, "e", { from: tenantId }, { id: "k1" }).catch(String),
        );
        return;
      case "notify":
        this.#tell("notify", await gateway.notify(tenantId, USERS, { from: tenantId }));
        return;
      case "direct":
        this.#tell("direct", await gateway.direct(tenantId, { userId: one.user }, "e", { from: tenantId }));
        return;
      case "revoke":
        this.#tell("revoke", await gateway.revoke(tenantId, one.user));
    }
  }

  /** What the tenant's clients and its operator have seen. */
  async account(): Promise<unknown> {
    const { gateway } = this.#test;
    const tenantId = this.#tenant;
    const channels = await gateway.channels(tenantId);
    const connections = await gateway.connections(tenantId);
    const kept = await Promise.all(
      CHANNELS.map(async (name) => [
        name,
        await gateway.history({ tenantId, name }),
        await gateway.members({ tenantId, name }),
      ]),
    );
    return this.#plain([
      this.#told,
      this.#clients.map((one) => [one?.frames, one?.closed]),
      channels,
      connections,
      kept,
    ]);
  }

  async #client(index: number): Promise<TestClient> {
    const known = this.#clients[index];
    if (known !== undefined && known.closed === undefined) return known;
    if (known !== undefined) this.#tell("ended", known.frames);
    const { clock } = this.#test;
    const userId = USERS[index % USERS.length] as string;
    const made = await this.#test.connect({ tenantId: this.#tenant, userId, issuedAt: clock.now() + 1e9 });
    this.#names.set(made.id, `client ${index} (${this.#names.size})`);
    return (this.#clients[index] = made);
  }

  async #ask(index: number, ...[event, payload]: readonly [string, object]): Promise<void> {
    const asking = await this.#client(index);
    const answer = await asking.request(event, payload);
    const { position } = answer as { position?: Position };
    const name = (payload as { topic?: string; channel?: string }).topic ?? (payload as { channel?: string }).channel;
    if (position !== undefined && name !== undefined) this.#last.set(name, position);
    const members = answer["members"] as readonly Member[] | undefined;
    for (const { socketId } of members ?? []) expect(this.#names.has(socketId)).toBe(true);
    this.#tell(event, answer);
  }

  #tell(what: string, result: unknown): void {
    this.#told.push([what, result]);
  }

  /** Socket ids, epochs and generated ids depend on who came first on the node; they are named by their first appearance. */
  #plain(value: unknown): unknown {
    const name = (text: string): string => {
      if (/^(socket-\d+|[a-z0-9]+~[a-z0-9]+|[a-z0-9]{16,24})$/.test(text) && !this.#names.has(text)) {
        this.#names.set(text, `name ${this.#names.size}`);
      }
      return this.#names.get(text) ?? text;
    };
    return JSON.parse(JSON.stringify(value ?? null), (_key, entry: unknown) =>
      typeof entry === "string" ? name(entry) : entry,
    );
  }
}

async function witness(
  steps: readonly (readonly [Tenant, Step])[],
  only?: Tenant,
  parts: (clock: ManualClock) => Partial<GatewayOptions> = () => ({}),
): Promise<ReadonlyMap<Tenant, unknown>> {
  const clock = new ManualClock();
  const test = new TestGateway({ clock, channels: [{ match: "inbox:{userId}", subscribe: "owner" }], ...parts(clock) });
  const witnesses = new Map(TENANTS.map((tenant) => [tenant, new Witness(test, tenant)]));
  for (const [tenant, one] of steps) {
    // Time passes for everybody; everything else is one tenant's.
    if (one.kind === "wait") await test.advance(one.ms);
    else if (only === undefined || only === tenant) await witnesses.get(tenant)?.step(one);
  }
  await test.advance(200);
  const accounts = new Map<Tenant, unknown>();
  for (const [tenant, one] of witnesses) accounts.set(tenant, await one.account());
  return accounts;
}

describe("two tenants with equal names in everything", () => {
  it("each see exactly what they would see without the other", async () => {
    await fc.assert(
      fc.asyncProperty(run, async (steps) => {
        const together = await witness(steps);
        for (const tenant of TENANTS) {
          const alone = await witness(steps, tenant);
          expect(together.get(tenant)).toEqual(alone.get(tenant));
        }
      }),
      { numRuns: 120 },
    );
  });

  it("would be found out by this test if they met in a log, in an announcement or in a list", async () => {
    const meet = (address: ChannelAddress): ChannelAddress => ({ ...address, tenantId: "one" });
    class SharedLogs extends MemoryBroker {
      override async publish(address: ChannelAddress, draft: Draft, options: PublishOptions) {
        return await super.publish(address.name === "chat:1" ? meet(address) : address, draft, options);
      }
    }
    class SharedMembers extends MemoryPresenceStore {
      override async members(address: ChannelAddress, query: MemberQuery) {
        return await super.members(address.name === "chat:1" ? meet(address) : address, query);
      }
    }
    const leaks = [
      (clock: ManualClock) => ({ broker: new SharedLogs({ clock }) }),
      () => ({ presence: new SharedMembers() }),
    ];
    for (const leak of leaks) {
      const property = fc.asyncProperty(run, async (steps) => {
        const together = await witness(steps, undefined, leak);
        for (const tenant of TENANTS)
          expect(together.get(tenant)).toEqual((await witness(steps, tenant, leak)).get(tenant));
      });
      expect((await fc.check(property, { numRuns: 2000, endOnFailure: true })).failed).toBe(true);
    }
  });

  it("cannot reach each other's sessions by id, nor end them, nor stand in each other's logs", async () => {
    const test = new TestGateway();
    const [one, two] = [await test.connect({ tenantId: "one" }), await test.connect({ tenantId: "two" })];
    for (const client of [one, two]) await client.request("join", { channel: "a" });
    const notFound = { ok: false, error: expect.objectContaining({ code: "NOT_FOUND" }) as unknown };
    expect(await one.request("direct", { to: { socketId: two.id }, event: "e" })).toEqual(notFound);
    expect(await one.request("direct", { to: { userId: "alice" }, event: "e" })).toMatchObject({ delivered: 1 });
    await expect(test.gateway.disconnect("one", two.id)).rejects.toMatchObject({ code: "NOT_FOUND" });
    const direct = test.gateway.direct("one", { socketId: two.id }, "e");
    await expect(direct).rejects.toMatchObject({ code: "NOT_FOUND" });
    await test.gateway.revoke("one", "alice");
    expect([one.closed, two.closed, two.events()]).toEqual(["stay-away", undefined, []]);
    const { position } = await two.request("publish", { channel: "a", event: "e", data: "secret" });
    const again = await test.connect({ tenantId: "one", userId: "eve" });
    const since = { ...(position as Position), offset: 0 };
    const answer = await again.request("subscribe", { topic: "a", since });
    expect([answer["recovered"], answer["events"]]).toEqual([false, undefined]);
    const read = await again.request("history", { channel: "a", since });
    expect([read["events"], (read["position"] as Position).epoch === since.epoch]).toEqual([[], false]);
    for (const topic of ["two/a", "a two", "org:two"]) {
      expect((await again.request("subscribe", { topic }))["events"]).toBeUndefined();
    }
    await test.gateway.publish({ tenantId: "two", name: "a" }, "e", "secret");
    expect(again.events()).toEqual([]);
  });

  it("do not share rates, connections or channels", async () => {
    const limits = { connectionsPerTenant: 2, channelsPerTenant: 2, commandBurst: 5, commandsPerSecond: 1 };
    const test = new TestGateway({ limits });
    const one = [await test.connect({ tenantId: "one" }), await test.connect({ tenantId: "one" })];
    for (const client of one) for (const topic of ["a", "b"]) await client.request("subscribe", { topic });
    for (let n = 0; n < 20; n++) for (const client of one) await client.request("leave", { channel: "x" });
    const two = await test.connect({ tenantId: "two" });
    for (const topic of ["c", "d"]) expect(await two.request("subscribe", { topic })).toMatchObject({ ok: true });
    for (let n = 0; n < 3; n++) expect(await two.request("leave", { channel: "x" })).toEqual({ ok: true });
  });
});

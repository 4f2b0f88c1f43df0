import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { GatedLink } from "../test/gated-link.ts";
import { RedisServer } from "../test/redis-server.ts";
import { Keys } from "./keys.ts";
import { Lease, type LeaseOptions } from "./lease.ts";
import { CLAIM, CLEARED, TAKE } from "./presence-scripts.ts";
import { SingleLink } from "./single-link.ts";

const LEASE_MS = 1200;
const SOON = { timeout: 15_000, interval: 20 };

let server: RedisServer;
let link: SingleLink;
let keys: Keys;
let leases: Lease[];

beforeAll(async () => {
  server = await RedisServer.start();
  link = new SingleLink({ url: server.url });
  await link.start();
});
afterAll(async () => {
  await link.close();
  await server.stop();
});
beforeEach(() => {
  keys = new Keys(randomUUID());
  leases = [];
});
afterEach(async () => {
  for (const lease of leases) await lease.end().catch(() => undefined);
});

interface Log {
  readonly cleared: string[];
  lapsed: number;
  mended: number;
}

function make(nodeId: string, options: Partial<LeaseOptions> = {}): { lease: Lease; log: Log } {
  const log: Log = { cleared: [], lapsed: 0, mended: 0 };
  const lease = new Lease({
    link,
    keys,
    nodeId,
    leaseMs: LEASE_MS,
    lapsed: () => void log.lapsed++,
    mend: async () => void log.mended++,
    clear: async (id) => void log.cleared.push(id),
    failed: () => undefined,
    ...options,
  });
  leases.push(lease);
  return { lease, log };
}

async function kept(): Promise<readonly string[]> {
  const key = keys.cluster("leases");
  return (await link.command(key, ["ZRANGE", key, "0", "-1"])) as readonly string[];
}

describe("Lease", { timeout: 30_000 }, () => {
  it("lasts while what there is to clear up takes longer than it", async () => {
    let finish: (() => void) | undefined;
    const long = new Promise<void>((resolve) => (finish = resolve));
    const clearing: string[] = [];
    const { lease, log } = make("busy", {
      clear: async (id) => {
        clearing.push(id);
        await long;
      },
    });
    const other = make("other");
    const key = keys.cluster("leases");
    await link.command(key, ["ZADD", key, "1", "long-dead"]);
    await lease.begin();
    await vi.waitFor(() => expect(clearing).toContain("long-dead"), SOON);
    const { id } = lease;
    await other.lease.begin();
    await delay(1.5 * LEASE_MS);
    expect([lease.id, log.lapsed]).toEqual([id, 0]);
    expect(other.log.cleared).not.toContain(id);
    expect(await kept()).toContain(id);
    finish?.();
  });

  it("is cleared up after by one at a time, and by another where that one gives up", async () => {
    const [all, clearing] = [keys.cluster("leases"), keys.cluster("clearing")];
    await link.command(all, ["ZADD", all, "1", "dead", "2", "dead too"]);
    const claim = async (ms: number) => await link.run(CLAIM, [all, clearing], [ms]);
    expect([await claim(60_000), await claim(1)]).toEqual(["dead", "dead too"]);
    await vi.waitFor(async () => expect(await claim(60_000)).toBe("dead too"), SOON);
    expect(await claim(60_000)).toBe("");
    for (const id of ["dead", "dead too"]) await link.run(CLEARED, [all, clearing], [id]);
    expect(await kept()).toEqual([]);
    expect(await link.command(clearing, ["EXISTS", clearing])).toBe(0);
    await link.run(TAKE, [all], ["alive", 60_000]);
    expect(await claim(1)).toBe("");
  });

  it("never lasts again when it has ended: another one follows, and the first is cleared up after", async () => {
    const gate = new GatedLink(link);
    const { lease, log } = make("slow", { link: gate });
    await lease.begin();
    const { id } = lease;
    gate.cut = true;
    const all = keys.cluster("leases");
    const ends = Number(await link.command(all, ["ZSCORE", all, id]));
    await vi.waitFor(async () => {
      const [seconds] = (await link.command("", ["TIME"])) as readonly [string];
      expect(Number(seconds) * 1000).toBeGreaterThan(ends);
    }, SOON);
    gate.cut = false;
    await vi.waitFor(() => expect(log.cleared).toEqual([id]), SOON);
    expect(lease.id).not.toBe(id);
    expect([log.lapsed, log.mended > 0]).toEqual([1, true]);
    await vi.waitFor(async () => expect(await kept()).toEqual([lease.id]), SOON);
  });

  it("is taken anew where Redis may have lost something, and ends without a trace", async () => {
    const { lease, log } = make("node");
    await lease.begin();
    const { id } = lease;
    lease.doubt();
    await vi.waitFor(() => expect(log.cleared).toEqual([id]), SOON);
    await vi.waitFor(async () => expect(await kept()).toEqual([lease.id]), SOON);
    const last = lease.id;
    await lease.end();
    expect(log.cleared).toEqual([id, last]);
    expect(await kept()).toEqual([]);
  });
});

import { afterEach, describe, expect, it, vi } from "vitest";
import { TestNode, type Heard } from "../../client/test/node.ts";
import { createChannelStore } from "./channel-store.ts";
import { ResourceStore, type ResourceLoader } from "./resource-store.ts";

interface Task {
  readonly id: number;
  readonly version: number;
}

const nodes: TestNode[] = [];
afterEach(async () => {
  for (const node of nodes.splice(0)) await node.close();
});

/** A table that announces what happens to it, as a service behind the gateway does. */
class Table {
  readonly rows = new Map<number, Task>();
  readonly #node: TestNode;

  constructor(node: TestNode) {
    this.#node = node;
  }

  async write(id: number, version: number): Promise<void> {
    const action = this.rows.has(id) ? "updated" : "created";
    const resource = { id, version };
    this.rows.set(id, resource);
    await this.#announce(action, resource);
  }

  async remove(id: number): Promise<void> {
    const resource = this.rows.get(id);
    if (this.rows.delete(id)) await this.#announce("deleted", resource);
  }

  list(): Task[] {
    return [...this.rows.values()].toSorted((a, b) => a.id - b.id);
  }

  async #announce(action: "created" | "updated" | "deleted", resource: unknown): Promise<void> {
    const change = { action, type: "task", path: null, resource };
    await this.#node.gateway.publishResource({ tenantId: "t", name: "tasks" }, change);
  }
}

async function start(options: Parameters<typeof TestNode.start>[0] = {}) {
  const node = await TestNode.start(options);
  nodes.push(node);
  return { node, table: new Table(node), heard: node.client() };
}

function follow(heard: Heard, load: ResourceLoader<Task>, channels = createChannelStore(heard.client)) {
  const store = new ResourceStore<Task>({
    client: heard.client,
    channels,
    room: "tasks",
    load: () => load,
    list: () => ({}),
  });
  const stop = store.subscribe(() => undefined);
  const ready = (): Promise<void> => vi.waitFor(() => expect(store.get().status).toBe("ready"), { interval: 5 });
  return { store, stop, ready, channels };
}

describe("ResourceStore", () => {
  it("loads when the subscription is in force, and applies what came while it loaded", async () => {
    const { node, table, heard } = await start();
    await table.write(1, 1);
    let loads = 0;
    let subscribers = 0;
    const { store, ready } = follow(heard, async () => {
      loads++;
      subscribers = await node.gateway.subscribers({ tenantId: "t", name: "tasks" });
      const read = table.list();
      await table.write(2, 1);
      await table.write(1, 2);
      // The answer of the table is slow: what was written since it read is heard before it is there.
      await vi.waitFor(() => expect(heard.log).toHaveLength(2));
      return read;
    });
    expect(store.get()).toMatchObject({ items: [], status: "loading" });
    await ready();
    expect([loads, subscribers]).toEqual([1, 1]);
    expect(store.get().items).toEqual([
      { id: 1, version: 2 },
      { id: 2, version: 1 },
    ]);
    await table.remove(1);
    await vi.waitFor(() => expect(store.get().items).toEqual([{ id: 2, version: 1 }]));
    expect(heard.errors).toEqual([]);
  });

  it("is what the table is in the end, whatever happens to the connection", { timeout: 60_000 }, async () => {
    // So short a history that some losses can be recovered and others cannot.
    const { node, table, heard } = await start({ channels: [{ match: "tasks", keep: { size: 5, seconds: 60 } }] });
    let loads = 0;
    const { store } = follow(heard, async () => {
      loads++;
      const read = table.list();
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 10));
      return read;
    });
    for (let round = 0; round < 40; round++) {
      const writes = Math.floor(Math.random() * 10);
      if (Math.random() < 0.4) node.proxy.cut();
      for (let i = 0; i < writes; i++) {
        const id = Math.floor(Math.random() * 8);
        await (Math.random() < 0.3 ? table.remove(id) : table.write(id, round * 10 + i));
        if (Math.random() < 0.2) await heard.client.socketClient.history("tasks", { limit: 1 }).catch(() => undefined);
      }
    }
    const sorted = (): Task[] => [...store.get().items].toSorted((a, b) => a.id - b.id);
    await vi.waitFor(
      () => {
        expect(store.get().status).toBe("ready");
        expect(sorted()).toEqual(table.list());
      },
      { timeout: 10_000 },
    );
    expect(loads).toBeGreaterThan(1);
  });

  it("loads again after each loss of the connection where the channel keeps no history", async () => {
    const { node, table, heard } = await start({ channels: [{ match: "tasks", keep: false }] });
    const { store, ready } = follow(heard, () => table.list());
    await ready();
    node.proxy.refusing = true;
    node.proxy.cut();
    await table.write(1, 1);
    node.proxy.refusing = false;
    await vi.waitFor(() => expect(store.get().items).toEqual([{ id: 1, version: 1 }]));
  });

  it("does not load again where all can be recovered", async () => {
    const { node, table, heard } = await start();
    let loads = 0;
    const { store, ready } = follow(heard, () => {
      loads++;
      return table.list();
    });
    await ready();
    node.proxy.refusing = true;
    node.proxy.cut();
    await table.write(1, 1);
    node.proxy.refusing = false;
    await vi.waitFor(() => expect(store.get().items).toEqual([{ id: 1, version: 1 }]));
    expect(loads).toBe(1);
  });

  it("says why it has no list, keeps the one it had, and tries again when told to", async () => {
    const { table, heard } = await start();
    await table.write(1, 1);
    const answers: (() => unknown)[] = [
      () => Promise.reject(new Error("The table is away")),
      () => ({ not: "a list" }),
      () => table.list(),
      () => Promise.reject(new Error("Away again")),
      () => {
        throw new Error("thrown");
      },
    ];
    const { store, ready } = follow(heard, (() => answers.shift()?.()) as unknown as ResourceLoader<Task>);
    const failed = (message: string): Promise<void> =>
      vi.waitFor(() => expect(store.get()).toMatchObject({ status: "error", error: { message } }));
    await failed("The table is away");
    expect(store.get().items).toEqual([]);
    store.reload();
    await failed("The loader of a resource gives an array");
    store.reload();
    await ready();
    store.reload();
    expect(store.get().status).toBe("reloading");
    await failed("Away again");
    store.reload();
    await failed("thrown");
    // It is followed still.
    await table.write(2, 1);
    await vi.waitFor(() => expect(store.get().items).toHaveLength(2));
    expect(heard.errors).toEqual([]);
  });

  it("says that the server does not let it follow, and tries again on the next connection", async () => {
    let allowed = false;
    const { node, table, heard } = await start({ channels: [{ match: "tasks", subscribe: () => allowed }] });
    const { store, ready } = follow(heard, () => table.list());
    await vi.waitFor(() => expect(store.get()).toMatchObject({ status: "error", error: { code: "FORBIDDEN" } }));
    allowed = true;
    node.proxy.cut();
    await ready();
  });

  it("begins once for an effect that runs twice, also where the room is followed already", async () => {
    const { table, heard } = await start();
    const first = follow(heard, () => table.list());
    await first.ready();
    let loads = 0;
    const load = (): Task[] => {
      loads++;
      return table.list();
    };
    const { store, stop } = follow(heard, load, first.channels);
    stop();
    const again = store.subscribe(() => undefined);
    await vi.waitFor(() => expect(store.get().status).toBe("ready"));
    expect(loads).toBe(1);
    again();
    again();
  });

  it("gives up a load that nobody waits for, and leaves the room when the last has gone", async () => {
    const { node, heard } = await start();
    const signals: AbortSignal[] = [];
    const { store, stop } = follow(heard, ({ signal }) => {
      signals.push(signal);
      return new Promise(() => undefined);
    });
    await vi.waitFor(() => expect(signals).toHaveLength(1));
    store.reload();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
    stop();
    await vi.waitFor(async () => {
      expect(signals.at(-1)?.aborted).toBe(true);
      expect(await node.gateway.subscribers({ tenantId: "t", name: "tasks" })).toBe(0);
    });
  });

  it("loads once more where too much was heard while it loaded", async () => {
    const { table, heard } = await start({ limits: { historyBytesPerChannel: 10_000_000 } });
    let loads = 0;
    const { store, ready } = follow(heard, async () => {
      const read = table.list();
      if (++loads === 1) {
        for (let id = 1; id <= 1200; id++) await table.write(id % 7, id);
        await vi.waitFor(() => expect(heard.log).toHaveLength(1200));
      }
      return read;
    });
    await ready();
    await vi.waitFor(() => expect(store.get().items).toHaveLength(7));
    await ready();
    expect(loads).toBe(2);
    expect([...store.get().items].toSorted((a, b) => a.id - b.id)).toEqual(table.list());
  });
});

import { afterEach, describe, expect, it, vi } from "vitest";
import { TestNode, type Heard } from "../../client/test/node.ts";
import { createChannelStore } from "./channel-store.ts";
import { NotificationStore } from "./notification-store.ts";

const nodes: TestNode[] = [];
afterEach(async () => {
  for (const node of nodes.splice(0)) await node.close();
});

async function start() {
  const node = await TestNode.start();
  nodes.push(node);
  const heard = node.client();
  return { node, heard, store: storeOf(heard) };
}

function storeOf({ client }: Heard): NotificationStore {
  return new NotificationStore({ client, channels: createChannelStore(client), limit: 3 });
}

const ignore = (): void => undefined;
const until = (check: () => void | Promise<void>): Promise<void> => vi.waitFor(check, { interval: 5, timeout: 5000 });
const shown = (store: NotificationStore, userId = "ada"): unknown[] =>
  store.get(userId).notifications.map(({ payload, read }) => [payload, read]);

describe("NotificationStore", () => {
  it("has what the server keeps and what comes, newest first and no more than its limit", async () => {
    const { node, store } = await start();
    await node.gateway.notify("t", ["ada"], 1);
    await node.gateway.notify("t", ["ada", "bob"], 2);
    store.subscribe("ada", ignore);
    await until(() => expect(store.get("ada").notifications).toHaveLength(2));
    await node.gateway.notify("t", ["bob"], 0);
    await node.gateway.notify("t", ["ada"], 3);
    await node.gateway.notify("t", ["ada"], 4);
    await until(() => expect(store.get("ada").notifications[0]?.payload).toBe(4));
    expect(store.get("ada").notifications.map(({ payload }) => payload)).toEqual([4, 3, 2]);
    expect(store.get("ada")).toMatchObject({ unread: 3, error: undefined });
  });

  it("keeps what was read while nobody looks, and catches up after", async () => {
    const { node, heard, store } = await start();
    const stop = store.subscribe("ada", ignore);
    await heard.ready();
    await node.gateway.notify("t", ["ada"], "a");
    await until(() => expect(shown(store)).toEqual([["a", false]]));
    store.markRead("ada", store.get("ada").notifications[0]?.id);
    expect([shown(store), store.get("ada").unread]).toEqual([[["a", true]], 0]);
    stop();
    await until(async () =>
      expect(await node.gateway.subscribers({ tenantId: "t", name: "notifications:ada" })).toBe(0),
    );
    await node.gateway.notify("t", ["ada"], "b");
    expect(shown(store)).toEqual([["a", true]]);
    store.subscribe("ada", ignore);
    await until(() =>
      expect(shown(store)).toEqual([
        ["b", false],
        ["a", true],
      ]),
    );
    store.markRead("ada");
    expect(store.get("ada").unread).toBe(0);
  });

  it("catches up where events were lost", async () => {
    const { node, heard, store } = await start();
    store.subscribe("ada", ignore);
    await heard.ready();
    await node.restart();
    await node.gateway.notify("t", ["ada"], "a");
    await until(() => expect(shown(store)).toEqual([["a", false]]));
  });

  it("shows nobody the list of somebody else", async () => {
    const { node, heard, store } = await start();
    const stop = store.subscribe("ada", ignore);
    await heard.ready();
    await node.gateway.notify("t", ["ada"], "a");
    await until(() => expect(shown(store)).toEqual([["a", false]]));
    expect(store.get("bob")).toBe(store.initial);
    expect(store.get(undefined)).toBe(store.initial);
    stop();
    store.subscribe("bob", ignore);
    store.markRead("ada");
    expect([shown(store), shown(store, "bob")]).toEqual([[], []]);
    // The session is Ada's.
    await until(() => expect(store.get("bob").error?.code).toBe("FORBIDDEN"));
  });
});

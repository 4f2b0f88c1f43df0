import { afterEach, describe, expect, it, vi } from "vitest";
import { TestNode, token } from "../../client/test/node.ts";
import { PresenceStore } from "./presence-store.ts";

const nodes: TestNode[] = [];
afterEach(async () => {
  for (const node of nodes.splice(0)) await node.close();
});

async function start(options: Parameters<typeof TestNode.start>[0] = {}) {
  const node = await TestNode.start(options);
  nodes.push(node);
  const ada = node.client();
  const bob = node.client({ token: token({ userId: "bob" }) });
  return { node, ada, bob, store: new PresenceStore({ client: ada.client }) };
}

const until = (check: () => void | Promise<void>): Promise<void> => vi.waitFor(check, { interval: 5, timeout: 5000 });
const ignore = (): void => undefined;
const users = (store: PresenceStore): unknown[] => store.get("c").people.map(({ userId }) => userId);

describe("PresenceStore", () => {
  it("knows who is there, and who comes, changes and goes", async () => {
    const { store, bob, node } = await start();
    await bob.client.socketClient.joinChannel("c");
    store.subscribe("c", ignore);
    expect(store.get("c")).toMatchObject({ joined: false, members: [], people: [], total: 0 });
    await until(() => expect(users(store)).toEqual(["bob", "ada"]));
    expect(store.get("c")).toMatchObject({ joined: true, total: 2, error: undefined });
    const tab = node.client({ token: token({ userId: "bob" }) });
    await tab.client.socketClient.joinChannel("c", { mood: "fine" });
    await until(() => expect(store.get("c").members).toHaveLength(3));
    expect(users(store)).toEqual(["bob", "ada"]);
    await tab.client.socketClient.setState("c", { mood: "better" });
    await until(() => expect(store.get("c").people[0]?.members[1]?.state).toEqual({ mood: "better" }));
    tab.client.disconnect();
    bob.client.disconnect();
    await until(() => expect(users(store)).toEqual(["ada"]));
  });

  it("joins once, for an effect that runs twice and for several components, and leaves with the last", async () => {
    const { store, node, ada, bob } = await start();
    await ada.ready();
    store.subscribe("c", ignore)();
    const first = store.subscribe("c", ignore);
    const second = store.subscribe("c", ignore);
    await until(() => expect(users(store)).toEqual(["ada"]));
    first();
    await bob.client.socketClient.joinChannel("c");
    await until(() => expect(users(store)).toEqual(["ada", "bob"]));
    second();
    const members = async (): Promise<unknown> => (await node.gateway.members({ tenantId: "t", name: "c" })).total;
    await until(async () => expect(await members()).toBe(1));
    expect(store.get("c")).toMatchObject({ joined: false, members: [] });
    const left = (): unknown[] => bob.presence.flatMap((one) => one.left.map(({ userId }) => userId));
    await until(() => expect(left()).toEqual(["ada"]));
    // What was there before is not left with it.
    await ada.client.socketClient.joinChannel("c");
    store.subscribe("c", ignore)();
    const third = store.subscribe("c", ignore);
    await until(() => expect(store.get("c").total).toBe(2));
    third();
    await until(() => expect(store.get("c").joined).toBe(false));
    await ada.ready();
    expect(await members()).toBe(2);
  });

  it("shows others the state that was said last, from the beginning", async () => {
    const { store, bob } = await start();
    await bob.client.socketClient.joinChannel("c");
    const seen = (): unknown[] =>
      bob.presence.flatMap(({ joined, updated }) =>
        [...joined, ...updated].flatMap(({ userId, state }) => (userId === "ada" ? [state] : [])),
      );
    store.subscribe("c", ignore);
    store.setState("c", JSON.stringify({ n: 1 }));
    await until(() => expect(seen()).toEqual([{ n: 1 }]));
    store.setState("c", JSON.stringify({ n: 1 }));
    store.setState("c", JSON.stringify({ n: 2 }));
    await until(() => expect(seen()).toEqual([{ n: 1 }, { n: 2 }]));
    store.setState("c", JSON.stringify("x".repeat(10_000)));
    await until(() => expect(store.get("c").error?.code).toBe("TOO_LARGE"));
    expect(store.get("c").joined).toBe(true);
  });

  it("shows us our own state, also where nobody else is there to be told", async () => {
    const { store } = await start();
    store.subscribe("c", ignore);
    store.setState("c", "1");
    const own = (): unknown => store.get("c").members[0]?.state;
    await until(() => expect(own()).toBe(1));
    for (const n of [2, 3, 4]) store.setState("c", String(n));
    await until(() => expect(own()).toBe(4));
  });

  it("knows after a reconnect who came and went meanwhile, and keeps its place", async () => {
    const { store, node, bob } = await start();
    await bob.client.socketClient.joinChannel("c");
    store.subscribe("c", ignore);
    store.setState("c", "7");
    await until(() => expect(users(store)).toEqual(["bob", "ada"]));
    node.proxy.refusing = true;
    node.proxy.cut();
    bob.client.disconnect();
    expect(users(store)).toEqual(["bob", "ada"]);
    node.proxy.refusing = false;
    await until(() => expect(users(store)).toEqual(["ada"]));
    expect(store.get("c").members[0]?.state).toBe(7);
  });

  it("says why it is not in, also when its right was lost, and is in when it may be again", async () => {
    let allowed = false;
    const { store, node, ada } = await start({
      channels: [{ match: "c", presence: () => allowed }],
      recheckSeconds: 0.1,
    });
    store.subscribe("c", ignore);
    await until(() => expect(store.get("c").error?.code).toBe("FORBIDDEN"));
    allowed = true;
    node.proxy.cut();
    await until(() => expect(users(store)).toEqual(["ada"]));
    expect(store.get("c").error).toBeUndefined();
    allowed = false;
    await until(() => expect(store.get("c")).toMatchObject({ joined: false, error: { code: "FORBIDDEN" } }));
    ada.client.disconnect();
    allowed = true;
    ada.client.connect();
    await until(() => expect(users(store)).toEqual(["ada"]));
  });

  it("is in again after a disconnect() that came before it was in", async () => {
    const { store, ada } = await start();
    ada.client.disconnect();
    store.subscribe("c", ignore);
    // It asks after this turn's effects.
    await Promise.resolve();
    ada.client.connect();
    ada.client.disconnect();
    await until(() => expect(store.get("c").error?.code).toBe("UNAVAILABLE"));
    ada.client.connect();
    await until(() => expect(users(store)).toEqual(["ada"]));
  });
});

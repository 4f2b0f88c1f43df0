import type { RealtimeError } from "@roomcast/client";
import { afterEach, describe, expect, it, vi } from "vitest";
import { TestNode, token } from "../../client/test/node.ts";
import { ConnectionStore } from "./connection-store.ts";

const nodes: TestNode[] = [];
afterEach(async () => {
  for (const node of nodes.splice(0)) await node.close();
});

async function start(options: Parameters<TestNode["client"]>[0] = {}) {
  const node = await TestNode.start();
  nodes.push(node);
  const { client } = node.client({ autoConnect: false, ...options });
  return { node, client, store: new ConnectionStore({ client, initial: "connecting" }) };
}

const until = (check: () => void): Promise<void> => vi.waitFor(check, { interval: 5, timeout: 5000 });

describe("ConnectionStore", () => {
  it("follows the connection, and remembers who we are while it is away", async () => {
    const { node, client, store } = await start();
    const states: string[] = [];
    const stop = store.subscribe(() => states.push(store.get().state));
    expect(store.get()).toEqual({ state: "connecting", session: undefined, error: undefined });
    const end = store.start(() => undefined);
    client.connect();
    await until(() => expect(store.get().session?.userId).toBe("ada"));
    node.proxy.cut();
    await until(() => expect(store.get().state).toBe("reconnecting"));
    expect(store.get().session?.userId).toBe("ada");
    await until(() => expect(store.get().state).toBe("connected"));
    stop();
    const told = states.length;
    client.disconnect();
    expect(store.get().state).toBe("disconnected");
    end();
    client.connect();
    expect(store.get().state).toBe("disconnected");
    expect(states).toHaveLength(told);
  });

  it("begins with what a client knows already", async () => {
    const { client, store } = await start();
    client.connect();
    await client.socketClient.history("c");
    store.start(() => undefined);
    expect(store.get()).toMatchObject({ state: "connected", session: { userId: "ada" } });
  });

  it("shows a token provider that rejects, until it gives one", async () => {
    let fails = true;
    const { client, store } = await start({
      token: async () => {
        if (fails) throw new Error("The login is away");
        return token();
      },
    });
    const errors: RealtimeError[] = [];
    store.start((error) => errors.push(error));
    client.connect();
    await until(() => expect(errors.length).toBeGreaterThan(1));
    expect(store.get()).toMatchObject({
      state: "connecting",
      error: { code: "UNAVAILABLE", cause: { message: "The login is away" } },
    });
    fails = false;
    await until(() => expect(store.get()).toMatchObject({ state: "connected", error: undefined }));
  });

  it("shows a refusal that is final, and takes no other error for one", async () => {
    const { client, store } = await start({ token: "nonsense" });
    const errors: RealtimeError[] = [];
    store.start((error) => errors.push(error));
    client.connect();
    await until(() => expect(store.get()).toMatchObject({ state: "disconnected", error: { code: "UNAUTHENTICATED" } }));
    client.setToken(token());
    client.connect();
    await until(() => expect(store.get()).toMatchObject({ state: "connected", error: undefined }));
    client.subscribe({ topic: "user:somebody" });
    await until(() => expect(errors).toHaveLength(2));
    expect(errors[1]).toMatchObject({ code: "FORBIDDEN", channel: "user:somebody" });
    expect(store.get().error).toBeUndefined();
  });
});

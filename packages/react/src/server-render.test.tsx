import { RealtimeClient } from "@roomcast/client";
import type { ReactElement } from "react";
import { renderToString } from "react-dom/server";
import { afterEach, describe, expect, it } from "vitest";
import { TestNode, token } from "../../client/test/node.ts";
import { RealtimeProvider, useChannel, useConnection, useNotifications, usePresence, useResource } from "./index.ts";

const nodes: TestNode[] = [];
afterEach(async () => {
  for (const node of nodes.splice(0)) await node.close();
});

const notLoaded = (): never => expect.unreachable("nothing is loaded on a server");

function Everything(): ReactElement {
  const { state, userId, error } = useConnection();
  const { status } = useChannel("c", { message: notLoaded });
  const { joined, people } = usePresence("c", { state: { mood: "fine" } });
  const { notifications, unread } = useNotifications();
  const resource = useResource<{ id: number }>("tasks", notLoaded);
  const all = [state, userId, error, status, joined, people, notifications, unread, resource.status, resource.items];
  return <pre>{JSON.stringify(all)}</pre>;
}

const text = (html: string): unknown =>
  JSON.parse(html.replace("<pre>", "").replace("</pre>", "").replaceAll("&quot;", '"'));

describe("on a server", () => {
  it("the hooks give their beginnings, and no connection is opened", async () => {
    const node = await TestNode.start();
    nodes.push(node);
    let asked = 0;
    const ask = (): string => {
      asked++;
      return token();
    };
    const html = renderToString(
      <RealtimeProvider url={node.proxy.url} token={ask}>
        <Everything />
      </RealtimeProvider>,
    );
    expect(text(html)).toEqual(["connecting", null, null, "pending", false, [], [], 0, "loading", []]);
    const client = new RealtimeClient({ url: node.proxy.url, token: ask, autoConnect: false });
    const given = renderToString(
      <RealtimeProvider client={client}>
        <Everything />
      </RealtimeProvider>,
    );
    expect(text(given)).toEqual(["disconnected", null, null, "pending", false, [], [], 0, "loading", []]);
    expect(client.state).toBe("disconnected");
    // Whoever would connect asks for its token first.
    await new Promise((resolve) => setTimeout(resolve));
    expect([asked, node.proxy.connections]).toEqual([0, 0]);
  });
});

describe("without a provider", () => {
  it("useNotifications begins with nothing where it is given a client, or is to be given one", () => {
    const client = new RealtimeClient({ url: "", token: null, autoConnect: false });
    function Bell({ of }: { readonly of: RealtimeClient | null }): ReactElement {
      const { notifications, unread, error } = useNotifications(of);
      return <pre>{JSON.stringify([notifications, unread, error])}</pre>;
    }
    for (const of of [null, client]) expect(text(renderToString(<Bell of={of} />))).toEqual([[], 0, null]);
    expect(client.state).toBe("disconnected");
  });
});

describe("without a name", () => {
  it("nothing is followed, and nothing can be published", async () => {
    const told: unknown[] = [];
    let publish: (() => Promise<unknown>) | undefined;
    function Undecided(): null {
      const channel = useChannel(null);
      publish = () => channel.publish("message");
      told.push(channel.status, usePresence(undefined).joined, useResource(null, notLoaded).status);
      return null;
    }
    renderToString(
      <RealtimeProvider url="http://localhost">
        <Undecided />
      </RealtimeProvider>,
    );
    expect(told).toEqual(["pending", false, "loading"]);
    await expect(publish?.()).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("without a provider", () => {
  it.each<[string, () => unknown]>([
    ["useConnection", () => useConnection()],
    ["useChannel", () => useChannel("c")],
    ["usePresence", () => usePresence("c")],
    ["useNotifications", () => useNotifications()],
    ["useResource", () => useResource("c", notLoaded)],
  ])("%s says what it needs", (name, hook) => {
    function Lonely(): null {
      hook();
      return null;
    }
    expect(() => renderToString(<Lonely />)).toThrow(
      new Error(`${name} needs a <RealtimeProvider> around the component that calls it`),
    );
  });
});

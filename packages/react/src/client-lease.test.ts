import { afterEach, describe, expect, it, vi } from "vitest";
import { TestNode, token } from "../../client/test/node.ts";
import { ClientLease, tokenIdentity } from "./client-lease.ts";

const nodes: TestNode[] = [];
afterEach(async () => {
  for (const node of nodes.splice(0)) await node.close();
});

async function start(options: Partial<ConstructorParameters<typeof ClientLease>[0]> = {}) {
  const node = await TestNode.start();
  nodes.push(node);
  const lease = new ClientLease({ url: node.proxy.url, token: token(), autoConnect: true, ...options });
  return { node, lease, client: lease.client };
}

const until = (check: () => void): Promise<void> => vi.waitFor(check, { interval: 5, timeout: 5000 });

describe("ClientLease", () => {
  it("is connected once while somebody has it", async () => {
    let asked = 0;
    const { node, lease, client } = await start({
      token: () => {
        asked++;
        return token();
      },
    });
    expect([client.state, node.proxy.connections]).toEqual(["disconnected", 0]);
    lease.acquire()();
    const release = lease.acquire();
    await client.socketClient.history("c");
    expect([asked, node.proxy.connections]).toEqual([1, 1]);
    const second = lease.acquire();
    release();
    await client.socketClient.history("c");
    expect(client.state).toBe("connected");
    second();
    await until(() => expect(client.state).toBe("disconnected"));
    expect(node.proxy.connections).toBe(1);
  });

  it("replaces the connection for another token, and only for another", async () => {
    const { node, lease, client } = await start();
    const release = lease.acquire();
    await client.socketClient.history("c");
    lease.setToken(token());
    await client.socketClient.history("c");
    expect(node.proxy.connections).toBe(1);
    lease.setToken(token({ roles: ["service"] }));
    await client.socketClient.history("c");
    expect(node.proxy.connections).toBe(2);
    lease.setToken("nonsense");
    client.on("error", () => undefined);
    await until(() => expect(client.state).toBe("disconnected"));
    lease.setToken(token());
    await client.socketClient.history("c");
    release();
    await until(() => expect(client.state).toBe("disconnected"));
    lease.setToken(token({ userId: "bob" }));
    expect(client.state).toBe("disconnected");
  });

  it("leaves it to others to connect, where it is told so", async () => {
    const { lease, client } = await start({ autoConnect: false });
    const release = lease.acquire();
    lease.setToken(token({ userId: "bob" }));
    expect(client.state).toBe("disconnected");
    client.connect();
    await client.socketClient.history("c");
    expect(client.session?.userId).toBe("bob");
    release();
    await until(() => expect(client.state).toBe("disconnected"));
  });
});

describe("tokenIdentity", () => {
  const jwt = (claims: object): string =>
    ["{}", JSON.stringify(claims), "signature"].map((piece) => Buffer.from(piece).toString("base64url")).join(".");

  it("is the same for two tokens of one login, and for no others", () => {
    const first = tokenIdentity(jwt({ sub: "ada", tenantId: "t", exp: 1, iat: 1, jti: "a" }));
    expect(tokenIdentity(jwt({ iat: 2, jti: "b", tenantId: "t", sub: "ada", exp: 2 }))).toBe(first);
    const others = [jwt({ sub: "bob", tenantId: "t" }), jwt({ sub: "ada", tenantId: "u" }), "opaque", "other", null];
    const all = [first, ...others.map(tokenIdentity)];
    expect(new Set(all).size).toBe(all.length);
  });
});

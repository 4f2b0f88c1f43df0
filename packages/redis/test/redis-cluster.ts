import { freePort, RedisServer } from "./redis-server.ts";

/** A Redis Cluster of a test's own: three nodes, each with a third of the slots. */
export class RedisCluster {
  readonly servers: readonly RedisServer[];

  private constructor(servers: readonly RedisServer[]) {
    this.servers = servers;
  }

  static async start(): Promise<RedisCluster> {
    const servers: RedisServer[] = [];
    try {
      for (let n = 0; n < 3; n++) {
        // The usual port of the bus, 10,000 more, may be none.
        const bus = ["--cluster-port", String(await freePort())];
        const args = ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000", ...bus];
        servers.push(await RedisServer.start({ args }));
      }
      const [first] = servers as [RedisServer];
      const addresses = servers.map(({ port }) => `127.0.0.1:${port}`);
      await first.cli("--cluster", "create", ...addresses, "--cluster-yes");
      const cluster = new RedisCluster(servers);
      await cluster.settled();
      return cluster;
    } catch (error) {
      await Promise.all(servers.map(async (server) => await server.stop()));
      throw error;
    }
  }

  get urls(): readonly string[] {
    return this.servers.map(({ url }) => url);
  }

  /** Resolves when every node finds all slots served. */
  async settled(): Promise<void> {
    for (const server of this.servers) {
      for (const end = Date.now() + 15_000; ;) {
        const info = await server.cli("cluster", "info").catch(String);
        if (info.includes("cluster_state:ok") && info.includes("cluster_known_nodes:3")) break;
        if (Date.now() > end) throw new Error(`The Redis Cluster does not settle: ${info}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  /** Gives the slot of a key that is not there to another node. Gives the node that had it, and the one that has it. */
  async moveSlotOf(key: string): Promise<{ from: RedisServer; to: RedisServer }> {
    const slot = await (this.servers[0] as RedisServer).cli("cluster", "keyslot", key);
    const from = await this.ownerOf(key);
    const to = this.servers.find((server) => server !== from) as RedisServer;
    const id = await to.cli("cluster", "myid");
    for (const server of [to, ...this.servers.filter((other) => other !== to)])
      await server.cli("cluster", "setslot", slot, "node", id);
    return { from, to };
  }

  async ownerOf(key: string): Promise<RedisServer> {
    for (const server of this.servers) {
      const reply = await server.cli("exists", key);
      if (!reply.includes("MOVED")) return server;
    }
    throw new Error("No node has the slot");
  }

  async stop(): Promise<void> {
    await Promise.all(this.servers.map(async (server) => await server.stop()));
  }
}

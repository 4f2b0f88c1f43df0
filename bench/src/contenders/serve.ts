import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { ServerMessage } from "../messages.ts";

/** Listens, and answers the parent's questions about memory. */
export function serve(httpServer: Server, connections: () => number): void {
  const say = (message: ServerMessage): void => {
    process.send?.(message);
  };
  process.on("message", () => {
    for (let i = 0; i < 4; i++) globalThis.gc?.();
    const { heapUsed: heap, rss: resident } = process.memoryUsage();
    say({ kind: "memory", connections: connections(), heap, resident });
  });
  // A bench that was interrupted leaves nothing behind.
  process.on("disconnect", () => process.exit(0));
  httpServer.listen(0, "127.0.0.1", () => say({ kind: "listening", port: (httpServer.address() as AddressInfo).port }));
}

import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { ServerMessage, ServerQuestion } from "../messages.ts";

export interface Contender {
  readonly connections: () => number;
  /** Publishes one event to whoever follows `feed`. */
  readonly publish: (number: number, bytes: number) => void;
}

/** Listens, and answers the parent's questions. */
export function serve(httpServer: Server, { connections, publish }: Contender): void {
  let number = 0;
  const say = (message: ServerMessage): void => {
    process.send?.(message);
  };
  process.on("message", (question: ServerQuestion) => {
    if (question.kind === "publish") {
      for (let i = 0; i < question.burst; i++) publish(number++, question.bytes);
      return;
    }
    if (question.kind === "cpu") {
      const { user, system } = process.cpuUsage();
      say({ kind: "cpu", microseconds: user + system });
      return;
    }
    for (let i = 0; i < 4; i++) globalThis.gc?.();
    const { heapUsed: heap, rss: resident } = process.memoryUsage();
    say({ kind: "memory", connections: connections(), heap, resident });
  });
  // A bench that was interrupted leaves nothing behind.
  process.on("disconnect", () => process.exit(0));
  httpServer.listen(0, "127.0.0.1", () => say({ kind: "listening", port: (httpServer.address() as AddressInfo).port }));
}

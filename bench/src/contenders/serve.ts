import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { getHeapSpaceStatistics } from "node:v8";
import { answer } from "../child.ts";
import { publishOnSchedule, type Schedule } from "./schedule.ts";

export interface Served {
  /** Where to listen; on a free port unless given. */
  readonly port?: number;
  readonly connections: () => number;
  /** Publishes one event to whoever follows `feed`. */
  readonly publish: (number: number, bytes: number) => void;
  /** What else it can be asked. */
  readonly handlers?: Readonly<Record<string, (argument: never) => unknown>>;
}

/** What is held in memory, after collection. */
export interface Memory {
  readonly connections: number;
  /** Bytes in use on the heap. */
  readonly heap: number;
  /**
   * Bytes of memory that the process holds, buffers and sockets' structures in user space included. Without V8's young
   * generation, which stands at 1 or at 32 MB as it happens to have grown, whatever it holds.
   */
  readonly resident: number;
}

/** Connections that may wait to be accepted: with Node's 511, storms would measure how long kernels wait before they try again. */
const BACKLOG = 4096;

/** Listens on this machine, and answers what any measurement asks of a server. */
export function serve(httpServer: Server, { port = 0, connections, publish, handlers }: Served): void {
  let number = 0;
  httpServer.listen({ port, host: "127.0.0.1", backlog: BACKLOG }, () => {
    const { port: taken } = httpServer.address() as AddressInfo;
    answer(
      {
        ...handlers,
        publish: ({ burst, bytes }: { burst: number; bytes: number }) => {
          for (let i = 0; i < burst; i++) publish(number++, bytes);
        },
        schedule: async ({ bytes, ...schedule }: Schedule & { bytes: number }) =>
          await publishOnSchedule(schedule, () => publish(number++, bytes)),
        cpu: () => {
          const { user, system } = process.cpuUsage();
          return user + system;
        },
        memory: (): Memory => {
          for (let i = 0; i < 4; i++) globalThis.gc?.();
          const { heapUsed: heap, rss } = process.memoryUsage();
          const young = getHeapSpaceStatistics().find(({ space_name: name }) => name === "new_space");
          return { connections: connections(), heap, resident: rss - (young?.physical_space_size ?? 0) };
        },
      },
      { port: taken },
    );
  });
}

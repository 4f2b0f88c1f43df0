import type { Server } from "node:http";
import { Publishing } from "./publishing.ts";
import { serve } from "./serve.ts";

export interface ServedRecovering {
  /** Where to listen; 0: on any free port. */
  readonly port: number;
  readonly connections: () => number;
  /** Publishes one event to whoever follows `feed`; returns or resolves when it is published. */
  readonly publish: (number: number, bytes: number) => unknown;
  /** Does what SIGTERM does: everybody has to go, within so many seconds where there is a choice. */
  readonly close: (seconds: number) => Promise<unknown>;
}

/** Listens, and answers what a measurement asks of a server whose clients go and come back. */
export function serveRecovering(httpServer: Server, { port, connections, publish, close }: ServedRecovering): void {
  const publishing = new Publishing(publish);
  serve(httpServer, {
    port,
    connections,
    publish: (number, bytes) => void publish(number, bytes),
    handlers: {
      connections,
      some: async (what: { count: number; bytes: number }) => await publishing.some(what),
      steadily: (how: Parameters<Publishing["steadily"]>[0]) => publishing.steadily(how),
      last: async (bytes: number) => await publishing.last(bytes),
      // Events go on coming in until it is closed.
      close: async (seconds: number) => {
        publishing.closing();
        await close(seconds);
        return await publishing.end();
      },
    },
  });
}

import { createServer, type RequestListener, type Server } from "node:http";
import type { EmbedOptions } from "../config/embed-options.ts";
import { embed, type Embedded } from "../embed.ts";

export type { Embedded, EmbedOptions };

/** Roomcast in an Express application. */
export interface ExpressRoomcast extends Embedded {
  /** What serves the application and Roomcast. */
  readonly server: Server;
  /**
   * Listens for both, with the arguments of `app.listen`; to be called in its place. As there, what goes wrong is told to a
   * callback that takes it, and else emitted by the server as `error`.
   */
  readonly listen: Listen;
}

/** Called when it listens, and with what went wrong where it does not. */
type Listening = (error?: Error) => void;

export interface Listen {
  (port: number, host: string, backlog: number, callback?: Listening): Server;
  (port: number, host: string, callback?: Listening): Server;
  (port: number, callback?: Listening): Server;
  (pathOrHandle: unknown, callback?: Listening): Server;
  (callback?: Listening): Server;
}

/**
 * Puts Roomcast beside an Express 4 or 5 application: on the HTTP or HTTPS server that the application has, or on a new one
 * where it has none. It is asked before the application's middleware, which never sees a request of Roomcast's. Throws like
 * `embed`.
 */
export function roomcast(target: RequestListener | Server, options?: EmbedOptions): ExpressRoomcast {
  const server = typeof target === "function" ? createServer(target) : target;
  const listenOn = server.listen.bind(server) as (...args: unknown[]) => Server;
  const listen = (...args: unknown[]): Server => {
    const callback = args.at(-1);
    if (takesError(callback)) {
      server.once("error", callback);
      server.once("listening", () => server.off("error", callback));
    }
    return listenOn(...args);
  };
  return { ...embed(server, options), server, listen };
}

/** Whether a callback of Express 5's `listen` is one that looks for an error. One that does not must not be taken for success. */
function takesError(callback: unknown): callback is (error?: Error) => void {
  return typeof callback === "function" && callback.length > 0;
}

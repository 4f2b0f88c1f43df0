import { Manager } from "socket.io-client";

export interface LinkOptions {
  /** Origin of the server; empty, or a path, for the page's own. */
  readonly url: string;
  readonly path: string;
  readonly token: string | null;
}

/** What happens on a link. After `refused` or `closed`, or after `close()`, nothing happens any more. */
export interface LinkEvents {
  opened(): void;
  pushed(event: string, payload: unknown): void;
  /** It did not come up: what the server said (`{ code, message, retryable }`) or undefined, and the failure. */
  refused(data: unknown, cause: unknown): void;
  /** `farewell`: the server ended the session on purpose, rather than the connection breaking. */
  closed(farewell: boolean): void;
}

/** One connection, from one attempt to its end. It never comes back: the next attempt is another link. */
export interface Link {
  /** `answered` is called at most once, and not after the end. Throws what JSON cannot hold. */
  send(event: string, payload: object, answered: (reply: unknown) => void): void;
  close(): void;
}

/**
 * A link over Socket.IO. Each has a manager and a socket of its own, because a reused socket hands what it received too
 * late to the next connection, and because the stock client does not retry refusals: reconnecting is ours.
 */
export function openSocketLink({ url, path, token }: LinkOptions, events: LinkEvents): Link {
  const options = {
    path,
    reconnection: false,
    autoConnect: false,
    transports: ["websocket", "polling"],
    tryAllTransports: true,
  };
  const ownOrigin = url === "" || url.startsWith("/");
  const socket = (ownOrigin ? new Manager(options) : new Manager(url, options)).socket("/", { auth: { token } });
  let ended = false;
  const end = (): boolean => {
    if (ended) return false;
    ended = true;
    socket.offAny();
    socket.off();
    socket.disconnect();
    return true;
  };
  socket.on("connect", () => events.opened());
  socket.onAny((event: string, payload: unknown) => events.pushed(event, payload));
  socket.on("connect_error", (error: Error & { data?: unknown }) => {
    if (end()) events.refused(error.data, error);
  });
  socket.on("disconnect", (reason) => {
    if (end()) events.closed(reason === "io server disconnect");
  });
  socket.connect();
  return {
    send: (event, payload, answered) => {
      socket.emit(event, payload, (reply: unknown) => {
        if (!ended) answered(reply);
      });
    },
    close: () => {
      end();
    },
  };
}

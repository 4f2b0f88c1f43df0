import { decodeToken, RealtimeClient } from "@roomcast/client";

// A bundler puts the setting in here; it is spelled out for that.
declare const process: { readonly env: { readonly NEXT_PUBLIC_API_URL?: string } };
const API_URL = process.env.NEXT_PUBLIC_API_URL ?? "http://localhost:3000";

/** The one connection of this page. */
let current: { readonly socket: RealtimeClient; readonly token: string } | undefined;

/** Connects with the token of a user, unless that is so already; another token replaces the connection. */
export function connectSocket(token: string): RealtimeClient {
  if (current?.token !== token) {
    disconnectSocket();
    current = { socket: new RealtimeClient({ url: API_URL, token }), token };
  }
  current.socket.connect();
  return current.socket;
}

/** The connection, if there is one: `getSocket()?.channel("room:1")` follows and publishes. */
export function getSocket(): RealtimeClient | undefined {
  return current?.socket;
}

export function disconnectSocket(): void {
  current?.socket.disconnect();
  current = undefined;
}

/** Calls `handler` with what the connected user is notified of, until what it gives back is called. */
export function onNotification(handler: (notification: unknown) => void): () => void {
  if (current === undefined) throw new Error("connectSocket first: notifications are those of a user");
  const { socket, token } = current;
  const channel = socket.channel(`notifications:${decodeToken(token)?.sub ?? ""}`);
  const subscription = channel.subscribe();
  const stop = channel.on("notification", handler);
  return () => {
    stop();
    socket.unsubscribe(subscription);
  };
}

import { RealtimeClient, type ConnectionState } from "@roomcast/client";
import { createContext, useContext, useEffect, useRef, useState, type ReactNode } from "react";
import { useSession } from "../app/session.tsx";
import type { RealtimeEvent } from "./types.ts";

interface Live {
  readonly client: RealtimeClient;
  readonly state: ConnectionState;
}

const LiveContext = createContext<Live | undefined>(undefined);

/** The page's own connection to the gateway, by tokens of a minute that are fetched with the session and kept nowhere. */
export function LiveProvider({ children }: { readonly children: ReactNode }) {
  const { rest, session, tenantId } = useSession();
  const { socketPath } = session.capabilities;
  const [live, setLive] = useState<Live>();

  useEffect(() => {
    const client = new RealtimeClient({
      url: window.location.origin,
      path: socketPath,
      token: async () => (await rest.post<{ token: string }>("/auth/session/ticket", {})).token,
    });
    setLive({ client, state: client.state });
    const off = client.on("connection", ({ state }) => setLive({ client, state }));
    return () => {
      off();
      client.disconnect();
    };
    // Another tenant is another connection.
  }, [rest, socketPath, tenantId]);

  return <LiveContext value={live}>{children}</LiveContext>;
}

/** The page's connection; undefined before there is one. */
export function useLive(): Live | undefined {
  return useContext(LiveContext);
}

/** Calls `handler` with each event of a channel while it is shown. An undefined topic follows nothing. */
export function useTopic(topic: string | undefined, handler: (event: RealtimeEvent) => void): void {
  const client = useLive()?.client;
  const latest = useRef(handler);
  useEffect(() => {
    latest.current = handler;
  });
  useEffect(() => {
    if (client === undefined || topic === undefined) return;
    const off = client.on(`event:${topic}`, (event) => latest.current(event as RealtimeEvent));
    const id = client.subscribe({ topic });
    return () => {
      off();
      client.unsubscribe(id);
    };
  }, [client, topic]);
}

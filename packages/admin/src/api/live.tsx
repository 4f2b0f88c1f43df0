import { RealtimeClient, type ConnectionState, type RealtimeError } from "@roomcast/client";
import { createContext, useContext, useEffect, useRef, useState, type ReactNode } from "react";
import { useSession } from "../app/session.tsx";
import type { RealtimeEvent } from "./types.ts";

interface Live {
  readonly client: RealtimeClient;
  readonly state: ConnectionState;
}

const LiveContext = createContext<Live | undefined>(undefined);

/** How long to wait, in milliseconds, after the server has ended the connection for good; the session may still be there. */
const COME_BACK = 10_000;

/** The page's own connection to the gateway, by tokens of a minute that are fetched with the session and kept nowhere. */
export function LiveProvider({ children }: { readonly children: ReactNode }) {
  const { rest, session, refresh } = useSession();
  const { socketPath } = session.capabilities;
  const [live, setLive] = useState<Live>();

  // Another tenant has another `rest`, and is another connection.
  useEffect(() => {
    const client = new RealtimeClient({
      url: window.location.origin,
      path: socketPath,
      token: async () => (await rest.post<{ token: string }>("/auth/session/ticket", {})).token,
    });
    let connections = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    setLive({ client, state: client.state });
    const offs = [
      client.on("connection", ({ state }) => {
        setLive({ client, state });
        // The server may be another one now, and of another version.
        if (state === "connected" && ++connections > 1) refresh();
        if (state === "disconnected") {
          refresh();
          timer = setTimeout(() => client.connect(), COME_BACK);
        }
      }),
      // The state shows what becomes of the connection, and `useTopic` tells what is refused.
      client.on("error", () => undefined),
    ];
    return () => {
      clearTimeout(timer);
      for (const off of offs) off();
      client.disconnect();
    };
  }, [rest, socketPath, refresh]);

  return <LiveContext value={live}>{children}</LiveContext>;
}

/** The page's connection; undefined before there is one. */
export function useLive(): Live | undefined {
  return useContext(LiveContext);
}

/**
 * Calls `handler` with each event of a channel while it is shown, and `missed` where some were lost. An undefined topic
 * follows nothing. Returns why the channel is not followed, where the gateway refused it.
 */
export function useTopic(
  topic: string | undefined,
  handler: (event: RealtimeEvent) => void,
  missed: () => void = () => undefined,
): RealtimeError | undefined {
  const client = useLive()?.client;
  const latest = useRef({ handler, missed });
  const [refusal, setRefusal] = useState<RealtimeError>();
  useEffect(() => {
    latest.current = { handler, missed };
  });
  useEffect(() => {
    if (client === undefined || topic === undefined) return;
    const id = client.subscribe({ topic });
    const offs = [
      client.on(`event:${topic}`, (event) => latest.current.handler(event as RealtimeEvent)),
      client.on("gap", ({ channel }) => {
        if (channel === topic) latest.current.missed();
      }),
      client.on("subscribed", ({ subscriptionId }) => {
        if (subscriptionId === id) setRefusal(undefined);
      }),
      client.on("error", (error) => {
        if (error.subscriptionId === id) setRefusal(error);
      }),
    ];
    return () => {
      for (const off of offs) off();
      client.unsubscribe(id);
      setRefusal(undefined);
    };
  }, [client, topic]);
  return refusal;
}

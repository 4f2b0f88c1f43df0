import { useEffect, useState } from "react";
import { useLive, useTopic } from "../../api/live.tsx";
import { RestError } from "../../api/rest.ts";
import { Tail } from "./tail.ts";

export interface TailState {
  readonly tail: Tail;
  /** Whether what is published comes in now. */
  readonly following: boolean;
  /** Why the gateway does not let this connection follow the channel. */
  readonly error: RestError | undefined;
}

/** Follows a channel over the page's own connection, from now on. Make it anew for another channel. */
export function useTail(channel: string): TailState {
  const [tail] = useState(() => new Tail());
  const [following, setFollowing] = useState(false);
  const client = useLive()?.client;
  useEffect(() => {
    if (client === undefined) return;
    const offs = [
      client.on("gap", ({ channel: about }) => {
        if (about === channel) tail.gap();
      }),
      client.on("subscribed", ({ topic }) => {
        if (topic === channel) setFollowing(true);
      }),
      client.on("connection", ({ state }) => {
        if (state !== "connected") setFollowing(false);
      }),
    ];
    return () => {
      for (const off of offs) off();
      setFollowing(false);
    };
  }, [client, channel, tail]);
  const refusal = useTopic(channel, (event) => tail.push(event));
  const error = refusal && new RestError({ code: refusal.code, message: refusal.message, status: 0 });
  return { tail, following: following && refusal === undefined, error };
}

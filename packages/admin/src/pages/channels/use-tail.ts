import { useEffect, useState } from "react";
import { useLive, useTopic } from "../../api/live.tsx";
import { RestError } from "../../api/rest.ts";
import { Tail } from "./tail.ts";

export interface TailState {
  readonly tail: Tail;
  /** Why the gateway does not let this connection follow the channel. */
  readonly error: RestError | undefined;
}

/** Follows a channel over the page's own connection, from now on. Make it anew for another channel. */
export function useTail(channel: string | undefined): TailState {
  const [tail] = useState(() => new Tail());
  const [error, setError] = useState<RestError>();
  const client = useLive()?.client;
  // Before the topic is followed: what is refused at once is told to nobody else.
  useEffect(() => {
    if (client === undefined || channel === undefined) return;
    setError(undefined);
    const stopErrors = client.on("error", ({ code, message, channel: about }) => {
      if (about === channel) setError(new RestError({ code, message, status: 0 }));
    });
    const stopGaps = client.on("gap", ({ channel: about }) => {
      if (about === channel) tail.gap();
    });
    return () => {
      stopErrors();
      stopGaps();
    };
  }, [client, channel, tail]);
  useTopic(channel, (event) => tail.push(event));
  return { tail, error };
}

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
export function useTail(channel: string): TailState {
  const [tail] = useState(() => new Tail());
  const client = useLive()?.client;
  useEffect(
    () =>
      client?.on("gap", ({ channel: about }) => {
        if (about === channel) tail.gap();
      }),
    [client, channel, tail],
  );
  const refusal = useTopic(channel, (event) => tail.push(event));
  const error = refusal && new RestError({ code: refusal.code, message: refusal.message, status: 0 });
  return { tail, error };
}

import type { AnyEvents, RealtimeClient, RealtimeClientOptions, RealtimeError, Token } from "@roomcast/client";
import { useEffect, useMemo, type ReactElement, type ReactNode } from "react";
import { ClientLease, tokenIdentity } from "./client-lease.ts";
import { Realtime, RealtimeContext } from "./realtime.ts";
import { useLatest } from "./use-latest.ts";

interface SharedProps {
  readonly children?: ReactNode;
  /** Told every error of the client. Default: the console. */
  readonly onError?: (error: RealtimeError) => void;
  /** How many notifications `useNotifications` keeps; default 100. */
  readonly maxNotifications?: number;
}

/** A client of the application's own: connecting and disconnecting it is the application's too. */
interface GivenClientProps<Events extends object> extends SharedProps {
  readonly client: RealtimeClient<Events>;
}

/**
 * A client of the provider's: connected while it is mounted. Another text as `token` replaces the connection, and where it is
 * of another user all that was known is forgotten. A function is asked whenever a token is needed; it may be another one each time.
 */
interface OwnClientProps extends SharedProps, RealtimeClientOptions {
  readonly client?: undefined;
}

export type RealtimeProviderProps<Events extends object = AnyEvents> = GivenClientProps<Events> | OwnClientProps;

const DEFAULT_MAX_NOTIFICATIONS = 100;

/** Gives the hooks below it a connection. On a server it opens none. */
export function RealtimeProvider<Events extends object = AnyEvents>(
  props: RealtimeProviderProps<Events>,
): ReactElement {
  const { children, onError = toConsole, maxNotifications = DEFAULT_MAX_NOTIFICATIONS } = props;
  const lease = useClientLease(props.client === undefined ? props : undefined);
  const client = lease?.client ?? (props.client as unknown as RealtimeClient);
  const initial = lease?.autoConnect === true ? "connecting" : "disconnected";
  const realtime = useMemo(
    () => new Realtime({ client, initial, maxNotifications }),
    [client, initial, maxNotifications],
  );
  const failed = useLatest(onError);
  useEffect(() => realtime.connection.start((error) => failed.current(error)), [realtime, failed]);
  // After all that is followed below, so that it is asked for on the first connection.
  useEffect(() => lease?.acquire(), [lease]);
  const { token = null } = props.client === undefined ? props : {};
  useEffect(() => {
    if (typeof token !== "function") lease?.setToken(token);
  }, [lease, token]);
  return <RealtimeContext.Provider value={realtime}>{children}</RealtimeContext.Provider>;
}

/** The client of a provider that was given none; another one where its options change, or the user whose token it has. */
function useClientLease(options: OwnClientProps | undefined): ClientLease | undefined {
  const token = options?.token ?? null;
  const latest = useLatest(token);
  const { url, path, reconnection, reconnectionAttempts, reconnectionDelay, autoConnect = true } = options ?? {};
  const identity = typeof token === "function" ? "function" : `text ${tokenIdentity(token)}`;
  return useMemo(() => {
    if (url === undefined) return undefined;
    const ask = (): ReturnType<typeof askToken> => askToken(latest.current);
    return new ClientLease({
      url,
      token: typeof token === "function" ? ask : token,
      autoConnect,
      ...(path === undefined ? undefined : { path }),
      ...(reconnection === undefined ? undefined : { reconnection }),
      ...(reconnectionAttempts === undefined ? undefined : { reconnectionAttempts }),
      ...(reconnectionDelay === undefined ? undefined : { reconnectionDelay }),
    });
    // Not `token`: another text of the same user goes into the client that is there.
  }, [url, path, reconnection, reconnectionAttempts, reconnectionDelay, autoConnect, identity, latest]);
}

function askToken(token: Token): string | null | Promise<string | null> {
  return typeof token === "function" ? token() : token;
}

/** Where nobody listens to errors, they must not pass unseen. */
function toConsole(error: RealtimeError): void {
  // oxlint-disable-next-line no-console
  console.error(error);
}

import { useQueryClient } from "@tanstack/react-query";
import { createContext, useCallback, useContext, useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import { RestClient, RestError } from "../api/rest.ts";
import type { Session } from "../api/types.ts";
import type { PageSettings } from "./settings.ts";

/** How somebody signs in. */
export type SignInWith = { readonly token: string } | { readonly apiKey: string; readonly tenantId?: string };

export interface SignedIn {
  readonly state: "signed-in";
  readonly settings: PageSettings;
  readonly session: Session;
  /** The tenant that is looked at. */
  readonly tenantId: string;
  readonly operator: boolean;
  /** REST for that tenant. */
  readonly rest: RestClient;
  readonly chooseTenant: (tenantId: string) => void;
  /** Asks the server whether the session is still there, and who serves it now. */
  readonly refresh: () => void;
  readonly signOut: () => Promise<void>;
}

export interface SignedOut {
  /** `unknown` until the server has said whether there is a session. */
  readonly state: "unknown" | "signed-out";
  /** Why there is none any more, where there was one. */
  readonly reason?: "expired" | "signed-out";
  /** What went wrong when the server was asked. */
  readonly error?: RestError;
  readonly settings: PageSettings;
  /** Rejects with `RestError`; its code is `NO_COOKIE` where the browser did not keep the session's cookie. */
  readonly signIn: (credentials: SignInWith) => Promise<void>;
  readonly retry: () => void;
}

const SessionContext = createContext<SignedIn | SignedOut | undefined>(undefined);

/** How long to wait, in milliseconds, before the server is asked about a session that has ended by this clock but not by its own. */
const ASK_AGAIN = 30_000;
const LONGEST_TIMER = 2 ** 31 - 1;

/** Keeps who is signed in; nothing of it outlives the page but the cookie, which no script sees. */
export function SessionProvider({
  settings,
  children,
}: {
  readonly settings: PageSettings;
  readonly children: ReactNode;
}) {
  const queries = useQueryClient();
  const [session, setSession] = useState<Session | null | undefined>(undefined);
  const [reason, setReason] = useState<SignedOut["reason"]>();
  const [error, setError] = useState<RestError>();
  const [tenant, setTenant] = useState<string>();
  /** Of the session that is there: what comes late of an earlier one says nothing about it. */
  const current = useRef<string | undefined>(undefined);
  const anonymous = useMemo(() => new RestClient({ api: settings.api }), [settings]);

  const enter = useCallback(
    (begun: Session) => {
      setError(undefined);
      setReason(undefined);
      setSession(begun);
      if (current.current === begun.csrf) return;
      current.current = begun.csrf;
      setTenant(undefined);
      // Nothing of the one is shown to the next.
      queries.clear();
    },
    [queries],
  );
  const leave = useCallback(
    (csrf: string | undefined, why?: SignedOut["reason"]) => {
      if (csrf !== current.current) return;
      current.current = undefined;
      setError(undefined);
      setReason(why);
      setSession(null);
      setTenant(undefined);
      queries.clear();
    },
    [queries],
  );

  const ask = useCallback(() => {
    const asked = current.current;
    anonymous.get<Session>("/auth/session").then(
      (found) => {
        if (current.current === asked) enter(found);
      },
      (thrown: unknown) => {
        const failure = RestError.from(thrown);
        if (failure.status === 401) leave(asked, asked === undefined ? undefined : "expired");
        else setError(failure);
      },
    );
  }, [anonymous, enter, leave]);
  useEffect(ask, [ask]);

  // All tabs have one cookie: what becomes of it in one of them, the others should know at once.
  const tabs = useRef<BroadcastChannel | undefined>(undefined);
  useEffect(() => {
    const channel = new BroadcastChannel(`roomcast-session ${settings.path}`);
    channel.addEventListener("message", ask);
    tabs.current = channel;
    return () => {
      tabs.current = undefined;
      channel.close();
    };
  }, [settings, ask]);

  // The page need not wait for a refusal; but the server's clock counts.
  useEffect(() => {
    if (session === null || session === undefined) return;
    const left = session.expiresAt - Date.now();
    const timer = setTimeout(ask, left < 0 ? ASK_AGAIN : Math.min(left + 500, LONGEST_TIMER));
    return () => clearTimeout(timer);
  }, [session, ask]);

  const csrf = session?.csrf;
  const tenantId = tenant ?? session?.tenantId;
  const own = tenantId === session?.tenantId;
  const rest = useMemo(
    () =>
      csrf === undefined
        ? undefined
        : new RestClient({
            api: settings.api,
            csrf,
            ...(own ? undefined : { tenantId }),
            expired: () => leave(csrf, "expired"),
            forbidden: ask,
          }),
    [settings, csrf, tenantId, own, leave, ask],
  );

  const value = useMemo((): SignedIn | SignedOut => {
    if (session === null || session === undefined || rest === undefined) {
      return {
        state: session === null ? "signed-out" : "unknown",
        ...(reason === undefined ? undefined : { reason }),
        ...(error === undefined ? undefined : { error }),
        settings,
        retry() {
          setError(undefined);
          ask();
        },
        async signIn(credentials) {
          await anonymous.post<Session>("/auth/session", credentials);
          enter(await kept(anonymous));
          tabs.current?.postMessage("changed");
        },
      };
    }
    return {
      state: "signed-in",
      settings,
      session,
      tenantId: tenant ?? session.tenantId,
      operator: session.roles.includes("operator"),
      rest,
      chooseTenant(chosen) {
        setTenant(chosen);
        queries.clear();
      },
      refresh: ask,
      async signOut() {
        try {
          await rest.delete("/auth/session");
        } catch (thrown) {
          // It has ended by itself.
          if (RestError.from(thrown).status !== 401) throw thrown;
        }
        leave(session.csrf, "signed-out");
        tabs.current?.postMessage("changed");
      },
    };
  }, [session, tenant, rest, reason, error, settings, anonymous, ask, enter, leave, queries]);

  return <SessionContext value={value}>{children}</SessionContext>;
}

/** The session that has just begun, by its cookie. */
async function kept(rest: RestClient): Promise<Session> {
  try {
    return await rest.get<Session>("/auth/session");
  } catch (thrown) {
    if (RestError.from(thrown).status !== 401) throw thrown;
    throw new RestError({ code: "NO_COOKIE", message: "The browser did not keep the session's cookie", status: 401 });
  }
}

/** Who is signed in, or how to do so. */
export function useAnySession(): SignedIn | SignedOut {
  const value = useContext(SessionContext);
  if (value === undefined) throw new Error("There is no SessionProvider");
  return value;
}

/** The session, on pages that are shown only with one. */
export function useSession(): SignedIn {
  const value = useAnySession();
  if (value.state !== "signed-in") throw new Error("Nobody is signed in");
  return value;
}

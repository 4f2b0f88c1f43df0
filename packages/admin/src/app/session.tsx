import { useQueryClient } from "@tanstack/react-query";
import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from "react";
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
  readonly signIn: (credentials: SignInWith) => Promise<void>;
  readonly retry: () => void;
}

const SessionContext = createContext<SignedIn | SignedOut | undefined>(undefined);

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
  const anonymous = useMemo(() => new RestClient({ api: settings.api }), [settings]);

  const ask = useCallback(() => {
    setError(undefined);
    anonymous.get<Session>("/auth/session").then(setSession, (thrown: unknown) => {
      const failure = RestError.from(thrown);
      if (failure.status === 401) setSession(null);
      else setError(failure);
    });
  }, [anonymous]);
  useEffect(ask, [ask]);

  const leave = useCallback(
    (why: SignedOut["reason"]) => {
      setReason(why);
      setSession(null);
      setTenant(undefined);
      // Nothing of the one is shown to the next.
      queries.clear();
    },
    [queries],
  );

  // The server refuses it then; the page need not wait for a refusal.
  useEffect(() => {
    if (session === null || session === undefined) return;
    const left = session.expiresAt - Date.now();
    const timer = setTimeout(() => leave("expired"), Math.min(Math.max(left, 0), 2 ** 31 - 1));
    return () => clearTimeout(timer);
  }, [session, leave]);

  const value = useMemo((): SignedIn | SignedOut => {
    if (session === null || session === undefined) {
      return {
        state: session === null ? "signed-out" : "unknown",
        ...(reason === undefined ? undefined : { reason }),
        ...(error === undefined ? undefined : { error }),
        settings,
        retry: ask,
        async signIn(credentials) {
          const begun = await anonymous.post<Session>("/auth/session", credentials);
          setReason(undefined);
          setSession(begun);
        },
      };
    }
    const tenantId = tenant ?? session.tenantId;
    const rest = new RestClient({
      api: settings.api,
      csrf: session.csrf,
      ...(tenantId === session.tenantId ? undefined : { tenantId }),
      expired: () => leave("expired"),
    });
    return {
      state: "signed-in",
      settings,
      session,
      tenantId,
      operator: session.roles.includes("operator"),
      rest,
      chooseTenant(chosen) {
        setTenant(chosen);
        queries.clear();
      },
      async signOut() {
        await rest.delete("/auth/session");
        leave("signed-out");
      },
    };
  }, [session, tenant, reason, error, settings, anonymous, ask, leave, queries]);

  return <SessionContext value={value}>{children}</SessionContext>;
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

import { createContext, useCallback, useContext, useEffect, useState, type ReactNode } from "react";
import { useAnySession, useSession } from "./session.tsx";

/** What somebody has begun to write, by where that is. */
class Drafts {
  #owner: string | undefined;
  readonly #values = new Map<string, unknown>();

  /** Those of one person; another's are forgotten. */
  of(owner: string): Map<string, unknown> {
    if (owner !== this.#owner) this.clear();
    this.#owner = owner;
    return this.#values;
  }

  clear(): void {
    this.#values.clear();
  }
}

const DraftsContext = createContext<Drafts | undefined>(undefined);

/** Keeps drafts over the end of a session, for its user to go on with. Nothing of them outlives the page, or a signing out. */
export function DraftsProvider({ children }: { readonly children: ReactNode }) {
  const [drafts] = useState(() => new Drafts());
  const session = useAnySession();
  const signedOut = session.state === "signed-out" && session.reason === "signed-out";
  useEffect(() => {
    if (signedOut) drafts.clear();
  }, [signedOut, drafts]);
  return <DraftsContext value={drafts}>{children}</DraftsContext>;
}

export interface Draft<Value> {
  readonly value: Value;
  readonly change: (value: Value) => void;
  /** It has been sent: what is shown stays, and is not offered again. */
  readonly sent: () => void;
}

/** A draft of this user in this tenant; `name` says of what, and does not change while it is shown. */
export function useDraft<Value>(name: string, blank: Value): Draft<Value> {
  const drafts = useContext(DraftsContext);
  if (drafts === undefined) throw new Error("There is no DraftsProvider");
  const { session, tenantId } = useSession();
  // Nobody knows who comes with an API key: the next one who does may be somebody else.
  const owner = session.userId === null ? session.csrf : JSON.stringify([session.tenantId, session.userId]);
  const key = JSON.stringify([tenantId, name]);
  const [value, setValue] = useState(() => (drafts.of(owner).get(key) as Value | undefined) ?? blank);
  const change = useCallback(
    (changed: Value) => {
      drafts.of(owner).set(key, changed);
      setValue(changed);
    },
    [drafts, owner, key],
  );
  const sent = useCallback(() => void drafts.of(owner).delete(key), [drafts, owner, key]);
  return { value, change, sent };
}

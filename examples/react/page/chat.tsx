import type { ReactElement } from "react";
import type { Api } from "./api.ts";
import { Bell } from "./bell.tsx";
import { Composer } from "./composer.tsx";
import { Messages } from "./messages.tsx";
import { People } from "./people.tsx";
import { useConnection } from "./realtime.ts";

interface ChatProps {
  readonly api: Api;
  readonly onLeave: () => void;
}

export function Chat({ api, onLeave }: ChatProps): ReactElement {
  return (
    <div className="chat">
      <header>
        <h1>Chat</h1>
        <Connection />
        <Bell />
        <button type="button" className="quiet" onClick={onLeave}>
          Leave
        </button>
      </header>
      <People me={api.userId} />
      <main>
        <Messages api={api} />
        <Composer api={api} />
      </main>
    </div>
  );
}

const STATES = {
  connecting: "Connecting …",
  connected: "Connected",
  reconnecting: "Connecting again …",
  disconnected: "Disconnected",
};

function Connection(): ReactElement {
  const { state, error, connect } = useConnection();
  return (
    <span className={`connection ${state}`} role="status" title={error?.message}>
      {STATES[state]}
      {state === "disconnected" && (
        <button type="button" className="quiet" onClick={connect}>
          Try again
        </button>
      )}
    </span>
  );
}

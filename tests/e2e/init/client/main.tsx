import { StrictMode, useState, type ReactElement } from "react";
import { createRoot } from "react-dom/client";
import { useNotifications } from "../../../../packages/cli/templates/web/hooks/use-notifications.ts";
import { getSocket } from "../../../../packages/cli/templates/web/lib/socket.ts";

/** What a test does with the page. */
export interface Controls {
  setToken(token: string | null): void;
  /** Which bells there are. */
  show(bells: readonly string[]): void;
  /** Follows a room on the connection that the hook made; what comes is told by `heard`. */
  follow(room: string): void;
  publish(room: string, data: unknown): Promise<unknown>;
  readonly heard: unknown[];
}

declare global {
  interface Window {
    readonly init: Controls;
  }
}

const heard: unknown[] = [];

function Bell({ id, token }: { readonly id: string; readonly token: string | null }): ReactElement {
  const { notifications, unread } = useNotifications(token);
  return <pre id={id}>{JSON.stringify({ unread, payloads: notifications.map(({ payload }) => payload) })}</pre>;
}

function App(): ReactElement {
  const [token, setToken] = useState<string | null>(null);
  const [bells, show] = useState<readonly string[]>(["left", "right"]);
  const controls: Controls = {
    setToken,
    show,
    heard,
    follow(room) {
      const socket = getSocket();
      const channel = socket?.channel(room);
      channel?.on("message", (payload) => heard.push(payload));
      channel?.on("plan", (payload) => heard.push(payload));
      channel?.subscribe();
      socket?.on("subscribed", ({ topic }) => heard.push(topic));
    },
    publish: async (room, data) => await getSocket()?.channel(room).publish("message", data),
  };
  Object.defineProperty(window, "init", { value: controls, configurable: true });
  return (
    <>
      {bells.map((id) => (
        <Bell key={id} id={id} token={token} />
      ))}
    </>
  );
}

createRoot(document.querySelector("#root") as Element).render(
  <StrictMode>
    <App />
  </StrictMode>,
);

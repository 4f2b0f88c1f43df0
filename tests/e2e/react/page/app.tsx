import { RealtimeClient } from "@roomcast/client";
import { RealtimeProvider } from "@roomcast/react";
import { useEffect, useState, version, type ReactElement } from "react";
import * as views from "./views.tsx";

/** What the tests do with the page, beside clicking. */
export interface PageControls {
  /** Mounts a view, or unmounts it. */
  toggle(view: string): void;
  setToken(token: string): void;
  /** From now on the token provider gives this token rather than rejecting. */
  provide(token: string): void;
  /** How often an effect of the page has run: twice under StrictMode. */
  effects: number;
  /** Of React. */
  readonly version: string;
}

declare global {
  interface Window {
    page: PageControls;
  }
}

const parameters = new URLSearchParams(location.search);
/** A client of the application's own, where that is asked for; it listens and follows by itself too. */
const given =
  location.pathname === "/given" ? new RealtimeClient({ url: "", token: parameters.get("token") }) : undefined;
let provided: string | undefined;

async function provider(): Promise<string> {
  if (provided === undefined) throw new Error("There is no token yet");
  return provided;
}

const VIEWS: Readonly<Record<string, (props: { readonly id: string }) => ReactElement>> = {
  channel: views.ChannelView,
  connection: views.ConnectionView,
  notifications: views.NotificationsView,
  presence: views.PresenceView,
  resource: views.ResourceView,
};

export function App(): ReactElement {
  const [token, setToken] = useState(parameters.get("token"));
  const [shown, setShown] = useState((parameters.get("show") ?? "").split(",").filter((id) => id !== ""));
  useEffect(() => {
    window.page = {
      toggle: (id) => setShown((ids) => (ids.includes(id) ? ids.filter((other) => other !== id) : [...ids, id])),
      setToken,
      provide: (given) => void (provided = given),
      effects: ((window.page as PageControls | undefined)?.effects ?? 0) + 1,
      version,
    };
  }, []);
  if (shown.includes("nothing")) return <pre id="nothing">{given?.state}</pre>;
  const connection =
    given === undefined
      ? // Another function on each render: that is not another token.
        { url: "", token: token === "provider" ? () => provider() : token, reconnectionDelay: 50 }
      : { client: given };
  return (
    <RealtimeProvider {...connection} onError={(error) => console.info(error.code)}>
      <views.ForeignView />
      {shown.map((id) => {
        const View = VIEWS[id.split("-")[0] as string] as (typeof VIEWS)[string];
        return <View key={id} id={id} />;
      })}
    </RealtimeProvider>
  );
}

import { useState, type ReactElement } from "react";
import { Api } from "./api.ts";
import { Chat } from "./chat.tsx";
import { Login } from "./login.tsx";
import { RealtimeProvider } from "./realtime.ts";

const REMEMBERED = "chat user";

/** Asks who it is, and then chats as that user; also after the page was loaded again. */
export function App(): ReactElement {
  const [api, setApi] = useState(() => {
    const userId = sessionStorage.getItem(REMEMBERED);
    return userId === null ? undefined : new Api({ userId });
  });
  if (api === undefined) {
    return (
      <Login
        onChoose={(userId) => {
          sessionStorage.setItem(REMEMBERED, userId);
          setApi(new Api({ userId }));
        }}
      />
    );
  }
  const leave = (): void => {
    sessionStorage.removeItem(REMEMBERED);
    setApi(undefined);
  };
  return (
    <RealtimeProvider url="" token={api.login}>
      <Chat api={api} onLeave={leave} />
    </RealtimeProvider>
  );
}

import type { ReactElement } from "react";
import { Avatar } from "./avatar.tsx";
import { nameOf } from "./names.ts";

const USERS = ["ada", "grace"];

export function Login({ onChoose }: { readonly onChoose: (userId: string) => void }): ReactElement {
  return (
    <main className="login">
      <h1>Chat</h1>
      <p>Who are you? Open a second window, and be the other one there.</p>
      {USERS.map((userId) => (
        <button key={userId} type="button" onClick={() => onChoose(userId)}>
          <Avatar userId={userId} />
          <span>{nameOf(userId)}</span>
        </button>
      ))}
    </main>
  );
}

import type { ReactElement } from "react";
import { Avatar } from "./avatar.tsx";
import { nameOf } from "./names.ts";
import { ROOM, usePresence } from "./realtime.ts";

/** Who is here, with how many windows. */
export function People({ me }: { readonly me: string }): ReactElement {
  const { people } = usePresence(ROOM);
  return (
    <aside aria-label="People">
      <h2>Here now</h2>
      <ul>
        {people.map(({ key, userId, members }) => (
          <li key={key}>
            <Avatar userId={userId} />
            <span>
              {nameOf(userId)}
              {userId === me && " (you)"}
            </span>
            {members.length > 1 && <span className="count">{members.length} windows</span>}
          </li>
        ))}
      </ul>
    </aside>
  );
}

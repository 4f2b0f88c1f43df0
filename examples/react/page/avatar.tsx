import type { ReactElement } from "react";
import { nameOf } from "./names.ts";

/** A circle with an initial, in a colour of the user's own. */
export function Avatar({ userId }: { readonly userId: string | null }): ReactElement {
  const name = nameOf(userId);
  const hue = Array.from(name).reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7) % 360;
  return (
    <span className="avatar" style={{ backgroundColor: `hsl(${hue} 45% 42%)` }} aria-hidden="true">
      {name.charAt(0)}
    </span>
  );
}

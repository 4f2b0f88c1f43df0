import type { ReactNode } from "react";

/** Characters that one does not see, or that turn the direction of what follows. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]|[^\S ]/gu;
const MOST_SHOWN = 2000;

export interface PlainProps {
  readonly text: string;
  /** Characters that are shown; the rest is said by its number. 2,000 unless given. */
  readonly most?: number;
}

/**
 * A text from outside, as it is: isolated from the direction of what surrounds it, with invisible characters written out as
 * `U+200B`, and cut where it is long.
 */
export function Plain({ text, most = MOST_SHOWN }: PlainProps) {
  const shown = text.length > most ? text.slice(0, most) : text;
  const pieces: ReactNode[] = [];
  let from = 0;
  for (const match of shown.matchAll(HIDDEN)) {
    pieces.push(shown.slice(from, match.index), <Mark key={match.index} character={match[0]} />);
    from = match.index + match[0].length;
  }
  pieces.push(shown.slice(from));
  return (
    <bdi className="mono" dir="ltr">
      {pieces}
      {text.length > most ? <span className="hidden-mark">… +{text.length - most}</span> : null}
    </bdi>
  );
}

function Mark({ character }: { readonly character: string }) {
  const code = character.codePointAt(0) ?? 0;
  return <span className="hidden-mark">U+{code.toString(16).toUpperCase().padStart(4, "0")}</span>;
}

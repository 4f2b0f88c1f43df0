import { useEffect, useRef, useState } from "react";

/** How long somebody is taken to be typing after saying so, and how often we say it. */
const SHOWN_MS = 4000;
const TOLD_MS = 2000;

/** Who was last heard typing, for as long as that is news. */
export function useTyping(): {
  readonly typing: string | null | undefined;
  readonly heard: (userId: string | null) => void;
  readonly stopped: (userId: string) => void;
  /** Whether it is time to say that we are typing. */
  readonly mayTell: () => boolean;
  /** We have stopped: what we type next is news. */
  readonly sent: () => void;
} {
  const [last, setLast] = useState<{ readonly userId: string | null }>();
  const toldAt = useRef(-Infinity);
  useEffect(() => {
    if (last === undefined) return undefined;
    const timer = setTimeout(() => setLast(undefined), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [last]);
  return {
    typing: last?.userId,
    heard: (userId) => setLast({ userId }),
    stopped: (userId) => setLast((now) => (now?.userId === userId ? undefined : now)),
    mayTell() {
      if (performance.now() - toldAt.current < TOLD_MS) return false;
      toldAt.current = performance.now();
      return true;
    },
    sent: () => {
      toldAt.current = -Infinity;
    },
  };
}

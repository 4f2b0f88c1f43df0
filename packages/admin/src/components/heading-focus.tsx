import { createContext, useContext, useEffect, useRef, type ReactNode, type RefObject } from "react";

const Shown = createContext<{ current: boolean } | undefined>(undefined);

/** Knows whether a heading has been shown since the page was loaded. */
export function HeadingFocus({ children }: { readonly children: ReactNode }) {
  return <Shown value={useRef(false)}>{children}</Shown>;
}

/**
 * For the heading of what comes in place of something else: takes the focus there, so that readers of screens tell what is
 * shown, and the keyboard goes on from there. The first heading leaves the focus where the browser begins.
 */
export function useHeadingFocus(): RefObject<HTMLHeadingElement | null> {
  const heading = useRef<HTMLHeadingElement>(null);
  const shown = useContext(Shown);
  useEffect(() => {
    if (shown?.current === true) {
      window.scrollTo(0, 0);
      heading.current?.focus({ preventScroll: true });
    } else if (shown !== undefined) shown.current = true;
  }, [shown]);
  return heading;
}

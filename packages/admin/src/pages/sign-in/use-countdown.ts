import { useCallback, useEffect, useState } from "react";

/** Whole seconds that are left of a time that `begin` (in milliseconds) starts; 0 where there is nothing to wait for. */
export function useCountdown(): readonly [secondsLeft: number, begin: (milliseconds: number) => void] {
  const [end, setEnd] = useState(0);
  const [left, setLeft] = useState(0);
  useEffect(() => {
    const show = (): void => setLeft(Math.max(Math.ceil((end - Date.now()) / 1000), 0));
    show();
    if (end <= Date.now()) return;
    const timer = setInterval(() => {
      show();
      if (end <= Date.now()) clearInterval(timer);
    }, 250);
    return () => clearInterval(timer);
  }, [end]);
  const begin = useCallback((milliseconds: number) => setEnd(Date.now() + milliseconds), []);
  return [left, begin];
}

import { useInsertionEffect, useRef, type RefObject } from "react";

/** The value of the last render that was shown, for what is called later. */
export function useLatest<Value>(value: Value): Readonly<RefObject<Value>> {
  const latest = useRef(value);
  useInsertionEffect(() => {
    latest.current = value;
  });
  return latest;
}

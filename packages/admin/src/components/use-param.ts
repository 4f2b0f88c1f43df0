import { useCallback, useMemo } from "react";
import { useLocation, useSearch } from "wouter";

/** What in the query of the page's address has this name, and how to change it there; absent for undefined and empty. */
export function useParam(name: string): [string | undefined, (value: string | undefined) => void] {
  const search = useSearch();
  const [path, navigate] = useLocation();
  const value = useMemo(() => new URLSearchParams(search).get(name) ?? "", [search, name]);
  const change = useCallback(
    (next: string | undefined) => {
      // As it is by now: several may be changed at once.
      const query = new URLSearchParams(window.location.search);
      if (next === undefined || next === "") query.delete(name);
      else query.set(name, next);
      navigate(query.size === 0 ? path : `${path}?${query.toString()}`, { replace: true });
    },
    [name, navigate, path],
  );
  return [value === "" ? undefined : value, change];
}

import { useCallback, useMemo } from "react";
import { useLocation } from "wouter";
import { useSearch } from "wouter/use-browser-location";

/** What in the query of the page's address has this name, and how to change it there; absent for undefined and empty. */
export function useParam(name: string): [string | undefined, (value: string | undefined) => void] {
  // As it stands in the address: wouter's own decodes it, so that what is decoded again then could be another name.
  const search = useSearch();
  const [path, navigate] = useLocation();
  const value = useMemo(() => new URLSearchParams(search).get(name) ?? undefined, [search, name]);
  const change = useCallback(
    (next: string | undefined) => {
      const query = new URLSearchParams(window.location.search);
      if (next === undefined || next === "") query.delete(name);
      else query.set(name, next);
      navigate(query.size === 0 ? path : `${path}?${query.toString()}`, { replace: true });
    },
    [name, navigate, path],
  );
  return [value === "" ? undefined : value, change];
}

import { useSearch } from "wouter/use-browser-location";

/**
 * The query of the page's address, for wouter, which decodes it once before anybody takes it apart: without this, what stands
 * for `%2F` in a name would be read as `/`.
 */
export function useExactSearch(): string {
  return useSearch().replaceAll("%", "%25");
}

import { useMediaQuery } from "@mantine/hooks";

/** Whether the page is as narrow as a telephone. */
export function useNarrow(): boolean {
  return useMediaQuery("(max-width: 48em)", undefined, { getInitialValueInEffect: false });
}

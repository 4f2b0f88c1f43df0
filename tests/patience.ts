import { vi } from "vitest";

/**
 * How long `vi.waitFor` waits for what a test does not time itself, in milliseconds. What comes, comes at once; only what never comes
 * takes as long. Vitest's own second passes by on a busy machine of two cores.
 */
const PATIENCE_MS = 15_000;

const { waitFor } = vi;
vi.waitFor = async (callback, options = {}) =>
  await waitFor(callback, { timeout: PATIENCE_MS, ...(typeof options === "number" ? { timeout: options } : options) });

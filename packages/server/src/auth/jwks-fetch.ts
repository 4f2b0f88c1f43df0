import type { Clock } from "@roomcast/core";
import { asObject } from "@roomcast/protocol";
import { readText } from "./read-text.ts";

const TIMEOUT_MS = 5000;
const MAX_BYTES = 256 * 1024;

/**
 * The keys listed at a configured address, as they stand there. Follows no redirect, waits at most 5 s for the whole answer
 * and reads at most 256 KiB of it. Rejects with a plain `Error` that says what went wrong.
 */
export async function fetchKeys(url: string, clock: Clock): Promise<readonly unknown[]> {
  const abort = new AbortController();
  const cancel = clock.after(TIMEOUT_MS, () => abort.abort(new Error(`no answer within ${TIMEOUT_MS} ms`)));
  try {
    const response = await fetch(url, {
      redirect: "manual",
      signal: abort.signal,
      headers: { accept: "application/json, application/jwk-set+json" },
    });
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new Error(`the answer's status is ${response.status}, not 200`);
    }
    const keys = asObject(JSON.parse(await readText(response, MAX_BYTES)))?.["keys"];
    if (!Array.isArray(keys)) throw new Error("the answer is no key set");
    return keys;
  } finally {
    cancel();
  }
}

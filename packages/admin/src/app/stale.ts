/** No page reloads itself twice within this time, in milliseconds: where that did not help, more of it will not. */
const QUIET = 60_000;

/** What a page keeps about itself in the entry of the browser's history, which outlives a reload and nothing else. */
interface Mark {
  readonly reloadedAt?: number;
}

/**
 * Reloads the page when a part of it is gone from the server, because that was upgraded under this tab. Not where the server
 * does not answer (the browser would show its own error instead of the page), and not again at once: servers of two versions
 * may answer in turn.
 */
export function reloadWhenStale(window: Window): void {
  window.addEventListener("vite:preloadError", () => {
    const state = (window.history.state ?? {}) as Mark;
    if (Date.now() - (state.reloadedAt ?? 0) < QUIET) return;
    window.fetch(window.location.href, { cache: "no-store" }).then(
      ({ ok }) => {
        if (!ok) return;
        window.history.replaceState({ ...state, reloadedAt: Date.now() } satisfies Mark, "");
        window.location.reload();
      },
      () => undefined,
    );
  });
}

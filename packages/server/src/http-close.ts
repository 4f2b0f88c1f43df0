import type { Server } from "node:http";

/** How long the destroyed connections may take to be gone. */
const GRACE_MS = 250;

/** Waits for `work`, though no longer than `milliseconds`; says whether it was done by then. Rejects where `work` does. */
export async function within(milliseconds: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), Math.max(0, milliseconds));
  });
  try {
    return await Promise.race([work.then(() => true), deadline]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Closes an HTTP server: no more connections, idle ones closed, requests under way get `milliseconds` to be answered.
 * A server that is not listening is closed already.
 */
export async function closeHttpServer(httpServer: Server, milliseconds: number): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    httpServer.close(() => resolve());
  });
  httpServer.closeIdleConnections();
  if (await within(milliseconds, closed)) return;
  httpServer.closeAllConnections();
  // What was upgraded by others is not the server's any more, and may keep it open for as long as it likes.
  await within(GRACE_MS, closed);
}

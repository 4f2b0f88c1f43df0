/** What a tab is to do while its frames are recorded. */
export interface Recording {
  /** Which element is scrolled, as a selector; none unless given. */
  readonly scroller?: string | undefined;
  readonly pixelsPerSecond: number;
  /** Whether it turns at the ends; else it waits at the end for more. */
  readonly turns: boolean;
  readonly milliseconds: number;
}

export interface Recorded {
  /** From each frame to the next, in milliseconds. */
  readonly frames: readonly number[];
  /** How long each took of those that Chromium calls long (50 ms and more). */
  readonly long: readonly number[];
  /** How long each request of REST took, in milliseconds. */
  readonly requests: readonly number[];
  /** How far it was scrolled, in pixels, both ways together. */
  readonly pixels: number;
}

/** Runs in the tab: scrolls at an even speed, with each frame as far as the time since the last one takes it. */
export async function recordFrames(recording: Recording): Promise<Recorded> {
  const { scroller, pixelsPerSecond, turns, milliseconds } = recording;
  const element = scroller === undefined ? null : document.querySelector(scroller);
  if (scroller !== undefined && element === null) throw new Error(`There is no ${scroller}`);
  const frames: number[] = [];
  const long: number[] = [];
  const requests: number[] = [];
  const frameObserver = new PerformanceObserver((list) => long.push(...list.getEntries().map((one) => one.duration)));
  frameObserver.observe({ type: "long-animation-frame" });
  const requestObserver = new PerformanceObserver((list) => {
    for (const one of list.getEntries())
      if (new URL(one.name).pathname.startsWith("/api/")) requests.push(one.duration);
  });
  requestObserver.observe({ type: "resource" });
  let pixels = 0;
  let direction = 1;
  const began = await new Promise<number>((resolve) => requestAnimationFrame(resolve));
  await new Promise<void>((resolve) => {
    let last = began;
    const step = (now: number): void => {
      const passed = now - last;
      last = now;
      frames.push(passed);
      if (element !== null) {
        const before = element.scrollTop;
        element.scrollTop = before + (direction * pixelsPerSecond * passed) / 1000;
        const moved = Math.abs(element.scrollTop - before);
        pixels += moved;
        if (turns && moved < 1) direction = -direction;
      }
      if (now - began < milliseconds) requestAnimationFrame(step);
      else resolve();
    };
    requestAnimationFrame(step);
  });
  // What was noticed of the last frames is told a little later.
  await new Promise<void>((resolve) => requestIdleCallback(() => resolve(), { timeout: 1000 }));
  frameObserver.disconnect();
  requestObserver.disconnect();
  return { frames, long, requests, pixels };
}

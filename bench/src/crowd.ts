import { tell } from "./child.ts";

/** How many connections are being opened, or answers waited for, at a time. */
export const AT_ONCE = 50;

/** Does something for each number from `from` to before `to`, so many at a time, in order. Rejects with the first failure. */
export async function crowd(
  { from = 0, to, atOnce = AT_ONCE }: { from?: number; to: number; atOnce?: number },
  work: (index: number) => Promise<void>,
): Promise<void> {
  let next = from;
  const workers = Array.from({ length: atOnce }, async () => {
    while (next < to) await work(next++);
  });
  await Promise.all(workers);
}

/** Opens so many connections, and tells how many there are as they become more. Rejects with the first failure. */
export async function connectCrowd(
  options: { to: number; atOnce?: number },
  open: (index: number) => Promise<void>,
): Promise<void> {
  let connected = 0;
  await crowd(options, async (index) => {
    await open(index);
    if (++connected % 250 === 0) tell(connected);
  });
}

/**
 * Settles as `promise` does, or rejects after so long: what does not come must fail a run, not hold it up. `what` is what takes so
 * long, as it is known at first or at last.
 */
export async function within<Value>(
  seconds: number,
  what: string | (() => string),
  promise: Promise<Value>,
): Promise<Value> {
  let late: NodeJS.Timeout | undefined;
  const never = new Promise<never>((_, reject) => {
    late = setTimeout(
      () => reject(new Error(`${typeof what === "string" ? what : what()} took more than ${seconds} s`)),
      seconds * 1000,
    );
  });
  try {
    return await Promise.race([promise, never]);
  } finally {
    clearTimeout(late);
  }
}

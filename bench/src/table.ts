/** The median of some values, and the least and the most of them. */
export function spread(values: readonly number[], text: (value: number) => string): string {
  const sorted = [...values].sort((a, b) => a - b);
  const median = sorted[(sorted.length - 1) >> 1] as number;
  return `${text(median)} (${text(sorted[0] as number)} to ${text(sorted.at(-1) as number)})`;
}

/** A line of a table whose first column is a name. */
export function row(...cells: readonly string[]): string {
  return `${cells
    .map((cell, at) => cell.padEnd(at === 0 ? 16 : 38))
    .join("  ")
    .trimEnd()}\n`;
}

/** Says how far it has come: on one line of a terminal, else only what is done. */
export function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${text}`);
  else if (text.includes("left")) process.stderr.write(`${text}\n`);
}

/** The value of an option. Throws a plain `Error` that names it. */
export function wholeNumber(name: string, value: string): number {
  const number = Number(value);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new Error(`--${name} must be a whole number above 0, not ${value}`);
}

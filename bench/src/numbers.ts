/** The value of an option. Throws a plain `Error` that names it. */
export function wholeNumber(name: string, value: string): number {
  const number = Number(value);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new Error(`--${name} must be a whole number above 0, not ${value}`);
}

/** The value of an option that is a list. Throws like `wholeNumber`. */
export function wholeNumbers(name: string, value: string): readonly number[] {
  return value.split(",").map((one) => wholeNumber(name, one.trim()));
}

/** "1,000". */
export function grouped(number: number): string {
  return number.toLocaleString("en-US");
}

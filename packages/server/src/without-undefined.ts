type Defined<T> = { [Key in keyof T]: Exclude<T[Key], undefined> };

/** A key that is there with the value `undefined` says as much as one that is not. */
export function withoutUndefined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as Defined<T>;
}

/** What every contender publishes: the same payload, of about so many bytes. */
export function event(number: number, bytes: number): { readonly number: number; readonly text: string } {
  return { number, text: "x".repeat(Math.max(0, bytes - 30)) };
}

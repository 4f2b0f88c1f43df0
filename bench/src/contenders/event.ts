/** What every contender publishes: the same payload, of about so many bytes. */
export interface BenchEvent {
  readonly number: number;
  readonly text: string;
}

export function event(number: number, bytes: number): BenchEvent {
  return { number, text: "x".repeat(Math.max(0, bytes - 30)) };
}

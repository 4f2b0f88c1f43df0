/**
 * A number as the catalogue chooses words by it: all beyond one are alike there. Languages such as Portuguese have words for
 * whole millions, which a catalogue that says the number itself does without.
 */
export function plural(number: number): number {
  return Math.min(number, 2);
}

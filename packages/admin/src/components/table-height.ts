/** Of a row of `VirtualTable`, its head and borders, in pixels. */
const ROW = 40;
const BORDERS = 2;
const LEAST = 320;

/** The height of a table: that of its rows, as far as what is left of the window after `rest` pixels has room for them. */
export function tableHeight(rows: number, rest: number): string {
  return `min(${(rows + 1) * ROW + BORDERS}px, max(${LEAST}px, calc(100dvh - ${rest}px)))`;
}

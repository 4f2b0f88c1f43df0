/** Says how far it has come: on one line of a terminal, which the next one replaces, else line by line. */
export function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${text}`);
  else if (text !== "") process.stderr.write(`${text}\n`);
}

/** Shows how many connections there are so far; only on a terminal. */
export function counting(label: string, of: number): (count: number) => void {
  return (count) => {
    if (process.stderr.isTTY) progress(`${label}: ${count} of ${of} connected`);
  };
}

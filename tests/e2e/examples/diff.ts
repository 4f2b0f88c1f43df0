import { readFile } from "node:fs/promises";

/** A change of one file, as `docs` shows it. */
export interface ShownDiff {
  readonly file: string;
  /** Lines that the change adds, changed ones among them. */
  readonly added: number;
  /** The file as it was, of what it is now. Throws where the file is not what the change leads to. */
  before(now: string): string;
}

interface Hunk {
  readonly before: string;
  readonly after: string;
}

/** The one block of ```diff in a page of the documentation, one or more files of it. */
export async function readDiff(page: URL): Promise<readonly ShownDiff[]> {
  const blocks = [...(await readFile(page, "utf8")).matchAll(/^```diff\n([^]*?)^```$/gm)];
  const [, text = ""] = blocks[0] ?? [];
  const files = text.split(/^(?=--- \S+\n\+\+\+ )/m).map(parseFile);
  if (blocks.length !== 1 || files.length === 0) throw new Error(`${page.pathname} has not one diff`);
  return files;
}

function parseFile(text: string): ShownDiff {
  const [, file, body = ""] = /^--- (\S+)\n\+\+\+ \1\n@@\n([^]*)$/.exec(text) ?? [];
  if (file === undefined) throw new Error(`This is no diff of a file:\n${text}`);
  const hunks = body.split(/^@@\n/m).map(parseHunk);
  return {
    file,
    added: body.match(/^\+/gm)?.length ?? 0,
    before: (now) => hunks.reduce((content, hunk) => undo(content, hunk), now),
  };
}

function parseHunk(text: string): Hunk {
  const lines = text.split("\n").slice(0, -1);
  const without = (mark: string): string =>
    lines
      .filter((line) => !line.startsWith(mark))
      .map((line) => `${line.slice(1)}\n`)
      .join("");
  return { before: without("+"), after: without("-") };
}

function undo(content: string, { before, after }: Hunk): string {
  // Whole lines, and only in one place.
  const [start, end, ...more] = `\n${content}`.split(`\n${after}`);
  if (start === undefined || end === undefined || more.length > 0)
    throw new Error(`The file does not have these lines, or has them twice:\n${after}`);
  return `${start}\n${before}${end}`.slice(1);
}

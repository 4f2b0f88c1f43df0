import { randomUUID } from "node:crypto";
import { constants, copyFile, mkdir, realpath, rename, rm, rmdir, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { CommandError } from "../command.ts";
import { codeOf, readText } from "./project.ts";

/** A file to be written, and what is there now; undefined for nothing. */
export interface FileToWrite {
  /** As it is called in messages. */
  readonly name: string;
  readonly path: string;
  readonly text: string;
  readonly before: string | undefined;
  /** Whether only its owner may read it. */
  readonly secret?: boolean;
}

/** It was asked to stop, and has undone what it had begun. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

type Undo = () => Promise<unknown>;

/**
 * Writes all of the files or none: first each under another name beside its own, then all take their names. Where one of
 * these fails, or `signal` is aborted before the last, everything is as it was. Rejects with `CommandError`, `Interrupted`.
 */
export async function writeFiles(files: readonly FileToWrite[], signal: AbortSignal): Promise<void> {
  const undo: Undo[] = [];
  const backups: string[] = [];
  try {
    const ready: { readonly file: FileToWrite; readonly path: string; readonly temporary: string }[] = [];
    for (const file of files) {
      stopIf(signal);
      await about(file, async () => {
        await makeFolder(dirname(file.path), undo);
        const path = file.before === undefined ? file.path : await realpath(file.path);
        const temporary = beside(path);
        const mode = file.before === undefined ? (file.secret === true ? 0o600 : 0o666) : (await stat(path)).mode;
        undo.push(() => rm(temporary, { force: true }));
        await writeFile(temporary, file.text, { flag: "wx", mode });
        ready.push({ file, path, temporary });
      });
    }
    for (const { file, path, temporary } of ready) {
      stopIf(signal);
      if ((await readText(path, file.name)) !== file.before) {
        throw new CommandError(`${file.name} was changed meanwhile by somebody else; nothing was changed`);
      }
      await about(file, async () => {
        if (file.before === undefined) undo.push(() => rm(path, { force: true }));
        else {
          const backup = beside(path);
          undo.push(() => rm(backup, { force: true }));
          await copyFile(path, backup, constants.COPYFILE_EXCL);
          backups.push(backup);
          undo.push(() => rename(backup, path));
        }
        await rename(temporary, path);
      });
    }
    stopIf(signal);
  } catch (error) {
    for (const step of undo.toReversed()) await step().catch(() => undefined);
    throw error;
  }
  for (const backup of backups) await rm(backup, { force: true });
}

function stopIf(signal: AbortSignal): void {
  if (signal.aborted) throw new Interrupted("Interrupted; nothing was changed");
}

function beside(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);
}

/** Makes a folder with those above it, and remembers how to take away each that it made, if it is empty then. */
async function makeFolder(path: string, undo: Undo[]): Promise<void> {
  const missing: string[] = [];
  for (let folder = path; !(await exists(folder)); folder = dirname(folder)) missing.unshift(folder);
  for (const folder of missing) {
    await mkdir(folder);
    undo.push(() => rmdir(folder));
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return false;
    throw error;
  }
}

async function about(file: FileToWrite, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (cause) {
    if (cause instanceof CommandError) throw cause;
    throw new CommandError(`${file.name} cannot be written (${codeOf(cause)}); nothing was changed`, { cause });
  }
}

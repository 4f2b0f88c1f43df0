import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CommandError } from "../command.ts";
import { Interrupted, writeFiles, type FileToWrite } from "./write.ts";

const never = new AbortController().signal;

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "roomcast-write-"));
  await writeFile(join(root, "old"), "before");
  await chmod(join(root, "old"), 0o640);
});
afterEach(() => rm(root, { recursive: true }));

function file(name: string, before?: string): FileToWrite {
  return { name, path: join(root, name), text: `after ${name}`, before };
}

const names = async (): Promise<string[]> => (await readdir(root, { recursive: true })).toSorted();

describe("writeFiles", () => {
  it("makes folders, keeps the rights of what it replaces, and leaves nothing else", async () => {
    const secret = { ...file("a/b/secret"), secret: true };
    await writeFiles([file("a/new"), secret, file("old", "before")], never);
    expect(await names()).toEqual(["a", "a/b", "a/b/secret", "a/new", "old"]);
    expect(await readFile(join(root, "old"), "utf8")).toBe("after old");
    const modes = await Promise.all(
      ["old", "a/b/secret"].map(async (name) => (await stat(join(root, name))).mode & 0o777),
    );
    expect(modes).toEqual([0o640, 0o600]);
  });

  it("writes through a link, and leaves the link", async () => {
    await symlink("old", join(root, "link"));
    await writeFiles([file("link", "before")], never);
    expect(await readFile(join(root, "old"), "utf8")).toBe("after link");
    expect((await lstat(join(root, "link"))).isSymbolicLink()).toBe(true);
  });

  it("undoes everything where the last file fails", async () => {
    await mkdir(join(root, "there"));
    const written = writeFiles([file("old", "before"), file("a/new"), file("there")], never);
    await expect(written).rejects.toThrow(new CommandError("there is a folder; nothing was changed"));
    expect(await names()).toEqual(["old", "there"]);
    expect(await readFile(join(root, "old"), "utf8")).toBe("before");
    const inAFile = writeFiles([file("a/new"), file("old/new")], never);
    await expect(inAFile).rejects.toThrow("old/new cannot be written (ENOTDIR); nothing was changed");
    expect(await names()).toEqual(["old", "there"]);
  });

  it("overwrites nothing that has changed since it was looked at", async () => {
    await writeFile(join(root, "new"), "somebody else's");
    for (const last of [file("old", "yesterday"), file("new")]) {
      await expect(writeFiles([file("a"), last], never)).rejects.toThrow(`${last.name} was changed meanwhile`);
    }
    expect(await names()).toEqual(["new", "old"]);
    expect(await readFile(join(root, "new"), "utf8")).toBe("somebody else's");
  });

  it("does nothing where it is interrupted before it begins", async () => {
    await expect(writeFiles([file("a/new")], AbortSignal.abort())).rejects.toThrow(Interrupted);
    expect(await names()).toEqual(["old"]);
  });
});

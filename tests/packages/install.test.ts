import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { installPacked, packPackages, publicPackages, type Manifest } from "../packed.ts";
import { specifiers } from "./specifiers.ts";

const run = promisify(execFile);
const packages = [...publicPackages().values()].map(({ manifest }) => [manifest.name, manifest] as const);

let parent: string;
beforeAll(async () => {
  await packPackages();
  parent = await mkdtemp(join(tmpdir(), "roomcast-install-"));
}, 60_000);
afterAll(() => rm(parent, { recursive: true, force: true }));

describe.concurrent.each(packages)("%s, installed by itself", (name, manifest) => {
  const folder = (): string => join(parent, name.replace("/", "-"));
  /** Everything that it exports, by where from, as a program of one kind of modules has it. */
  const namesBy = async (how: "require" | "import"): Promise<Record<string, readonly string[]>> => {
    const code = `(async () => {
      const names = {};
      for (const from of ${JSON.stringify(specifiers(manifest))})
        names[from] = Object.keys(${how === "import" ? "await import(from)" : "require(from)"}).sort();
      console.log(JSON.stringify(names));
    })();`;
    const args = [how === "require" ? "--input-type=commonjs" : "--input-type=module", "--eval", code];
    const { stdout, stderr } = await run(process.execPath, args, { cwd: folder(), env: { PATH: process.env["PATH"] } });
    expect(stderr).toBe("");
    return JSON.parse(stdout) as Record<string, readonly string[]>;
  };

  it("brings what it needs, and gives the same to require and import", { timeout: 120_000 }, async () => {
    await installPacked({ folder: folder(), packages: [name] });
    const here = await readdir(join(folder(), "node_modules", name));
    // Its own folder is the tarball's, not a link to ours.
    expect(here).not.toContain("tsconfig.json");
    const [required, imported] = await Promise.all([namesBy("require"), namesBy("import")]);
    expect(imported).toEqual(required);
    expect(Object.keys(imported)).toEqual(specifiers(manifest));
    for (const names of Object.values(imported)) expect(names.length).toBeGreaterThan(0);
    const { version } = JSON.parse(
      await readFile(join(folder(), "node_modules", name, "package.json"), "utf8"),
    ) as Manifest;
    expect(version).toBe(manifest.version);
    for (const command of Object.keys(manifest.bin ?? {})) {
      const { stdout } = await run(join(folder(), "node_modules/.bin", command), ["--version"]);
      expect(stdout.trim()).toBe(version);
    }
  });
});

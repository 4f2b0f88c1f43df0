import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

// The packages as they would be published: tests install these, and see what users get.

const repository = fileURLToPath(new URL("..", import.meta.url));
const CACHE = join(repository, "node_modules/.cache/roomcast-packed");
/** What `npm pack` may take of a package's folder, besides its manifest. */
const CONTENT = ["README.md", "LICENSE", "admin", "bin", "dist", "src", "templates"];
const run = promisify(execFile);

export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, unknown>>;
}

export interface Packed {
  readonly manifest: Manifest;
  /** The package's folder in the repository. */
  readonly folder: string;
  /** The tarball's path. */
  readonly tarball: string;
}

export interface InstallOptions {
  /** Where to; is made, and gets a `package.json`, if it is not there. */
  readonly folder: string;
  /** Names of packages of ours; what they need of one another comes along. */
  readonly packages: readonly string[];
  /** Further packages by their names, and their versions or ranges. */
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** Packages of ours that are published, by their names, from the working tree: they are built already. */
export function publicPackages(): ReadonlyMap<string, Omit<Packed, "tarball">> {
  const found = new Map<string, Omit<Packed, "tarball">>();
  for (const name of readdirSync(join(repository, "packages"))) {
    const folder = join(repository, "packages", name);
    if (!existsSync(join(folder, "package.json"))) continue;
    const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
    if (manifest.private !== true) found.set(manifest.name, { manifest, folder });
  }
  return found;
}

/** Packs every public package, those excepted whose content is that of a tarball made before. */
export async function packPackages(): Promise<ReadonlyMap<string, Packed>> {
  const packed = new Map<string, Packed>();
  const missing: Packed[] = [];
  for (const [name, { manifest, folder }] of publicPackages()) {
    const tarball = join(CACHE, `${baseName(manifest)}-${await hash(folder)}.tgz`);
    const one = { manifest, folder, tarball };
    packed.set(name, one);
    if (!existsSync(tarball)) missing.push(one);
  }
  if (missing.length > 0) await pack(missing);
  return packed;
}

/** Installs tarballs of our packages, with what they need, as a user's `npm install` does. */
export async function installPacked({ folder, packages, dependencies = {} }: InstallOptions): Promise<void> {
  const packed = await packPackages();
  const ours = withNeeds(packages, packed).map(({ tarball }) => tarball);
  const others = Object.entries(dependencies).map(([name, range]) => `${name}@${range}`);
  await mkdir(folder, { recursive: true });
  if (!existsSync(join(folder, "package.json")))
    await writeFile(join(folder, "package.json"), `${JSON.stringify({ private: true }, undefined, 2)}\n`);
  const flags = ["--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];
  await run("npm", ["install", ...flags, ...ours, ...others], { cwd: folder, env: npmEnvironment() });
}

/** The environment of a shell of one's own, for an `npm` that is started under `npm test`. */
export function npmEnvironment(): NodeJS.ProcessEnv {
  const ofTheRun = /^(npm_(package|lifecycle)_|npm_config_(local_prefix|workspace)|NODE_ENV$|NODE_OPTIONS$|VITEST)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ofTheRun.test(name)));
}

/** These and the packages of ours that they need at run time. */
function withNeeds(names: readonly string[], all: ReadonlyMap<string, Packed>): readonly Packed[] {
  const wanted = new Map<string, Packed>();
  const add = (name: string): void => {
    const one = all.get(name);
    if (one === undefined || wanted.has(name)) return;
    wanted.set(name, one);
    for (const needed of Object.keys(one.manifest.dependencies ?? {})) add(needed);
  };
  for (const name of names) {
    if (!all.has(name)) throw new Error(`No package of ours is named ${name}`);
    add(name);
  }
  return [...wanted.values()];
}

/** `npm` is started once for all: that takes longer than the packing. */
async function pack(missing: readonly Packed[]): Promise<void> {
  await mkdir(CACHE, { recursive: true });
  const unfinished = await mkdtemp(join(CACHE, "unfinished-"));
  const folders = missing.map(({ folder }) => `--workspace=${folder}`);
  const args = ["pack", "--silent", "--ignore-scripts", `--pack-destination=${unfinished}`, ...folders];
  await run("npm", args, { cwd: repository, env: npmEnvironment() });
  for (const { manifest, tarball } of missing) {
    // Not the same one, which another process may have made meanwhile, and installs from now.
    const before = (await readdir(CACHE)).filter(
      (file) => file.startsWith(`${baseName(manifest)}-`) && file !== basename(tarball),
    );
    // At once: other processes of this run look for it too.
    await rename(join(unfinished, `${baseName(manifest)}.tgz`), tarball);
    await Promise.all(before.map((file) => rm(join(CACHE, file), { force: true })));
  }
  await rm(unfinished, { recursive: true });
}

/** What `npm pack` names the tarball of a package. */
function baseName({ name, version }: Manifest): string {
  return `${name.replace("@", "").replace("/", "-")}-${version}`;
}

/** Of everything in the package's folder that may come into its tarball. */
async function hash(folder: string): Promise<string> {
  const sum = createHash("sha256");
  const entries = await Promise.all(
    CONTENT.map(async (name) => {
      const path = join(folder, name);
      if (!existsSync(path)) return [];
      if (name.includes(".") || name === "LICENSE") return [path];
      const files = await readdir(path, { recursive: true, withFileTypes: true });
      return files.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name));
    }),
  );
  for (const path of [join(folder, "package.json"), ...entries.flat().toSorted((a, b) => a.localeCompare(b, "en"))]) {
    sum.update(`${path}\0`);
    sum.update(await readFile(path));
  }
  return sum.digest("hex").slice(0, 16);
}

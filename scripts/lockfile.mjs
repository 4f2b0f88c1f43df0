// `npm run check -- lockfile`, and `node scripts/lockfile.mjs --fix`.
//
// Tools ship a native package for each platform, as optional dependencies. Where a registry does not have the package of
// some platform, npm silently leaves it out of the lockfile, and then `npm ci` refuses the lockfile everywhere. Here the
// entries are added from what the package's name says; npm checks no platform but its own.
import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";

const path = new URL("../package-lock.json", import.meta.url);
const lockfile = JSON.parse(readFileSync(path, "utf8"));
const { packages } = lockfile;

const missing = new Map();
for (const [owner, entry] of Object.entries(packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (!isLocked(owner, name)) missing.set(`node_modules/${name}`, { name, version, dev: entry.dev === true });
  }
}

if (!process.argv.includes("--fix")) {
  if (missing.size > 0) {
    console.error(
      `package-lock.json lacks ${missing.size} optional packages; node scripts/lockfile.mjs --fix adds them:`,
    );
    for (const { name, version } of missing.values()) console.error(`  ${name}@${version}`);
    process.exitCode = 1;
  }
} else if (missing.size > 0) {
  for (const [key, { name, version, dev }] of missing) {
    // In the order that npm writes.
    const { cpu, libc, os } = platformOf(name);
    packages[key] = { version, cpu, dev: dev || undefined, libc, optional: true, os };
  }
  const [root, ...others] = Object.entries(packages);
  others.sort(([a], [b]) => a.localeCompare(b, "en"));
  lockfile.packages = Object.fromEntries([root, ...others]);
  writeFileSync(path, `${JSON.stringify(lockfile, undefined, 2)}\n`);
  console.error(`Added ${missing.size} optional packages to package-lock.json.`);
}

/** Whether Node would find `name` from the package at `owner`. */
function isLocked(owner, name) {
  for (let folder = owner; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("node_modules/") - 1))) {
    if (`${folder === "" ? "" : `${folder}/`}node_modules/${name}` in packages) return true;
    if (folder === "") return false;
  }
}

/** What `@oxfmt/binding-linux-x64-musl` and its like say of themselves. */
function platformOf(name) {
  const pieces = name.split(/[/-]/);
  const one = (known) => pieces.find((piece) => known.includes(piece));
  const os = one([
    "aix",
    "android",
    "darwin",
    "freebsd",
    "linux",
    "netbsd",
    "openbsd",
    "openharmony",
    "sunos",
    "win32",
  ]);
  const cpu = one(["arm", "arm64", "ia32", "loong64", "ppc64", "riscv64", "s390x", "wasm32", "x64"]);
  if (cpu === undefined)
    throw new Error(`${name} is optional, is not locked, and does not say for which platform it is`);
  const libc = os === "linux" ? one(["gnu", "gnueabihf", "musl", "musleabihf"]) : undefined;
  return {
    cpu: [cpu],
    libc: libc === undefined ? undefined : [libc.startsWith("musl") ? "musl" : "glibc"],
    os: os === undefined ? undefined : [os],
  };
}

// The pages that Vite bundles: those of examples, and the admin page.
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { bin, root, run } from "./setup.mjs";

/** Bundles the page of a project that has one, after its packages were built; ends the process where that fails. */
export async function bundle(project) {
  const folder = join(root, project);
  if (!existsSync(join(folder, "vite.config.ts"))) return;
  const code = await run(bin("vite"), ["build", "--logLevel", "warn"], { cwd: folder, stdio: ["ignore", 2, 2] });
  if (code !== 0) {
    console.error(`Bundling ${project} failed.`);
    process.exit(1);
  }
}

/** Bundles the admin page, unless nothing of it has changed since. */
export async function bundleAdmin() {
  if (!isAdminBuilt()) await bundle("packages/admin");
}

/** Whether the admin page is bundled as its sources are now. */
export function isAdminBuilt() {
  const inputs = [
    "packages/admin/src",
    "packages/admin/index.html",
    "packages/admin/vite.config.ts",
    "packages/client/src",
    "packages/protocol/src",
    "package-lock.json",
  ];
  const built = join(root, "packages/server/admin/index.html");
  const newest = Math.max(...inputs.map((path) => lastChange(join(root, path))));
  return existsSync(built) && statSync(built).mtimeMs > newest;
}

/** When a file, or anything in a folder but its tests, was last changed, in milliseconds since 1970. */
function lastChange(path) {
  if (!statSync(path).isDirectory()) return statSync(path).mtimeMs;
  const inside = readdirSync(path, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && !/\.test\.tsx?$/.test(entry.name),
  );
  return Math.max(...inside.map(({ parentPath, name }) => statSync(join(parentPath, name)).mtimeMs));
}

// The pages of examples that Vite bundles.
import { existsSync } from "node:fs";
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

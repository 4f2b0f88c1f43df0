// `npm run example crud-messages`: brings the set-up up to date and becomes that example.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { bundle } from "./bundle.mjs";
import { build, install, requireNode, root } from "./setup.mjs";

const name = process.argv[2] ?? "";
const names = readdirSync(join(root, "examples")).filter((folder) =>
  existsSync(join(root, "examples", folder, "src/main.ts")),
);
if (!names.includes(name)) {
  console.error(`No example is named "${name}"; there are: ${names.join(", ")}.`);
  process.exit(2);
}

requireNode();
install();
build(`examples/${name}`);
await bundle(`examples/${name}`);
// In this very process, so that a signal reaches the example, and reaches it once.
await import(pathToFileURL(join(root, "examples", name, "dist/main.js")).href);

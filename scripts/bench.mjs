// `npm run bench`: brings the set-up up to date and becomes the bench.
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { bundleAdmin } from "./bundle.mjs";
import { build, install, requireNode, root } from "./setup.mjs";

requireNode();
install();
build("bench");
// What the others measure has no page.
const [name] = process.argv.slice(2);
if (name === undefined || name.startsWith("-") || name === "admin-page") await bundleAdmin();
// In this very process, so that a signal reaches the bench, and reaches it once.
await import(pathToFileURL(join(root, "bench/dist/main.js")).href);

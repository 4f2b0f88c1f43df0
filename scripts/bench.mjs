// `npm run bench`: brings the set-up up to date and becomes the bench.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build, install, requireNode, root } from "./setup.mjs";

requireNode();
install();
build("bench");
// In this very process, so that a signal reaches the bench, and reaches it once.
await import(pathToFileURL(join(root, "bench/dist/main.js")).href);

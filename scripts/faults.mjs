// `npm run faults`: brings the set-up up to date and becomes the fault run.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build, install, requireNode, root } from "./setup.mjs";

requireNode();
install();
build("tests/faults");
// In this very process, so that a signal reaches the run, and reaches it once.
await import(pathToFileURL(join(root, "tests/faults/dist/tests/faults/main.js")).href);

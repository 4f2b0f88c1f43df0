// `npm start`: brings the set-up up to date and becomes the gateway. `npm start -- --port 4000` gives it flags.
import process from "node:process";
import { bundleAdmin } from "./bundle.mjs";
import { build, install, requireNode } from "./setup.mjs";

requireNode();
install();
build("packages/cli");
await bundleAdmin();
// In this very process, so that a signal reaches the gateway, and reaches it once.
process.argv.splice(2, 0, "serve");
await import("../packages/cli/bin/roomcast.js");

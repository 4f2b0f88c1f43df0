// `npm test`: brings the set-up up to date and runs the tests. `npm test -- packages/core` gives vitest arguments.
import process from "node:process";
import { bundle, bundleAdmin } from "./bundle.mjs";
import { bin, build, install, requireNode, requirePrograms, run } from "./setup.mjs";

requireNode();
install();
requirePrograms("redis-server", "nginx", "chromium");
// Most tests run on the sources; those of the command line, of the examples, of the bench and of the faults run the real programs.
build("packages/cli");
const examples = ["crud-messages", "moleculer", "express", "fastify", "nest", "nest-steedos", "react"];
for (const name of examples) build(`examples/${name}`);
await bundle("examples/react");
await bundleAdmin();
build("bench");
build("tests/faults");
const reporters = ["--reporter=default", "--reporter=./scripts/tally-reporter.mjs"];
process.exitCode = await run(bin("vitest"), ["run", ...reporters, ...process.argv.slice(2)]);

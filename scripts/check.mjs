// `npm run check`: everything that is checked without running the tests. `npm run check -- lint types` runs some of it.
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { bin, install, requireNode, root } from "./setup.mjs";

requireNode();
install();

const published = readdirSync(join(root, "packages"))
  .map((folder) => `packages/${folder}`)
  .filter((folder) => JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")).private !== true);

/** In this order: what comes after `types` looks at the built packages. */
const steps = [
  { name: "format", command: [bin("oxfmt"), "--check"] },
  { name: "lockfile", command: ["scripts/lockfile.mjs"] },
  { name: "lint", command: [bin("oxlint")] },
  { name: "types", command: [bin("typescript", "tsc"), "-b"] },
  { name: "unused", command: [bin("knip")] },
  ...published.map((folder) => ({ name: `publint ${folder}`, command: [bin("publint"), "run", folder, "--strict"] })),
  ...published.map((folder) => ({
    name: `exports ${folder}`,
    command: [
      bin("@arethetypeswrong/cli", "attw"),
      "--pack",
      folder,
      // For CommonJS too, which gets these modules by `require` as well; attw does not know that Node can do so.
      "--ignore-rules",
      "cjs-resolves-to-esm",
      "--no-definitely-typed",
      "--no-emoji",
    ],
  })),
  { name: "size", command: [bin("size-limit")] },
];

const asked = process.argv.slice(2);
const unknown = asked.find((name) => !steps.some((step) => step.name.split(" ")[0] === name));
if (unknown !== undefined) {
  const names = [...new Set(steps.map((step) => step.name.split(" ")[0]))].join(", ");
  console.error(`No check is named "${unknown}"; there are: ${names}.`);
  process.exit(2);
}

const failed = [];
let count = 0;
for (const { name, command } of steps) {
  if (asked.length > 0 && !asked.includes(name.split(" ")[0])) continue;
  count += 1;
  const startedAt = Date.now();
  const { code, output } = await capture(command);
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1).padStart(5);
  console.log(`${code === 0 ? "ok    " : "FAILED"} ${seconds} s  ${name}`);
  if (code !== 0) {
    failed.push(name);
    console.log(output.trimEnd().replace(/^/gm, "    "));
  }
}
console.log(
  failed.length === 0
    ? `\nAll ${count} checks are fine.`
    : `\n${failed.length} of ${count} checks failed: ${failed.join(", ")}.`,
);
process.exitCode = failed.length === 0 ? 0 : 1;

function capture(command) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, command, {
      cwd: root,
      env: { ...process.env, NO_COLOR: "1" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text) => (output += text));
    child.once("error", reject);
    child.once("close", (code) => resolve({ code: code ?? 1, output }));
  });
}

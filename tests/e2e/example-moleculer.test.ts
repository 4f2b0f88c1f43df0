import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { Program } from "../cli/program.ts";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const readme = readFileSync(new URL("../../examples/moleculer/README.md", import.meta.url), "utf8");
const [, command = "", , shown = ""] = /```sh\n(.+)\n```([^]*?)```\n([^]*?)```/.exec(readme) ?? [];

it(
  "the Moleculer example shows what its README says, by the command that stands there",
  { timeout: 60_000 },
  async () => {
    const program = new Program("sh", ["-c", command], { cwd: repository, group: true });
    try {
      await program.written(/^Done\.$/m);
      const said = program.stdout.slice(program.stdout.indexOf("Moleculer node"));
      expect(lines(said)).toEqual(lines(shown));
      expect(await program.end()).toEqual({ code: 0, signal: null });
    } finally {
      if (program.child.exitCode === null) program.kill("SIGKILL");
    }
  },
);

/** Without ports; events of different channels come in any order. */
function lines(text: string): readonly string[] {
  return text
    .replaceAll(/127\.0\.0\.1:\d+/g, "127.0.0.1")
    .split("\n")
    .toSorted();
}

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { run } from "./program.ts";

const { version } = JSON.parse(readFileSync(new URL("../../packages/cli/package.json", import.meta.url), "utf8")) as {
  version: string;
};

const COMMANDS = ["serve", "token", "listen", "asyncapi", "init"];

describe("roomcast", () => {
  it.each([[], ["--help"], ["help"]])("shows its commands for %j", async (...args) => {
    const { code, stdout, stderr } = await run(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^ {2}${command} `, "m"));
  });

  it.each(COMMANDS)("%s shows its flags and its version", async (command) => {
    const help = await run([command, "--help"]);
    expect(help).toMatchObject({ code: 0, stderr: "" });
    expect(help.stdout).toContain(`roomcast ${command}`);
    expect(await run([command, "--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });

  it("shows its version", async () => {
    expect(await run(["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });

  it.each([
    [["sevre"], "sevre"],
    [["--port", "1"], "--port"],
    [["serve", "--prot", "1"], "--prot"],
    [["serve", "extra"], "extra"],
    [["token", "--sub"], "--sub"],
    [["listen"], "channel"],
    [["listen", "a b"], "a b"],
    [["listen", "demo", "--last", "many"], "many"],
    [["listen", "demo", "--url", "nowhere"], "nowhere"],
    [["asyncapi", "--format", "xml"], "xml"],
    [["asyncapi", "--server", "nowhere"], "nowhere"],
    [["asyncapi", "--config", "none.mjs"], "none.mjs"],
    [["asyncapi"], "--config"],
  ])("ends with code 2 and one line for %j", async (args, named) => {
    const { code, stdout, stderr } = await run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(stderr).toContain(named);
  });
});

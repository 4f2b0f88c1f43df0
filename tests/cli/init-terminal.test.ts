import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

// `roomcast init` in a terminal: `script` gives it one.

const ROOMCAST = fileURLToPath(new URL("../../packages/cli/bin/roomcast.js", import.meta.url));
const DOWN = "\u001B[B";
const ENTER = "\r";
const CONTROL_C = "\u0003";

let root: string;
let child: ChildProcess;
let output: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "roomcast-cli-terminal-"));
});
afterEach(async () => {
  child.kill("SIGKILL");
  await rm(root, { recursive: true });
});

function start(...args: readonly string[]): void {
  const parts = [process.execPath, ROOMCAST, "init", "--dir", root, ...args].map((part) => `'${part}'`);
  // A terminal without a size has every character on a line of its own.
  const command = `stty columns 120 rows 40; ${parts.join(" ")}`;
  const { PATH = "" } = process.env;
  output = "";
  child = spawn("script", ["--quiet", "--return", "--command", command, "/dev/null"], { env: { PATH, TERM: "xterm" } });
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (output += text));
}

/** Waits for a question, and answers it. */
async function answer(question: string, ...keys: readonly string[]): Promise<void> {
  await vi.waitFor(() => expect(output).toContain(question), { timeout: 10_000, interval: 5 });
  for (const key of keys) child.stdin?.write(key);
}

async function exitCode(): Promise<number | null> {
  if (child.exitCode === null) await once(child, "exit");
  return child.exitCode;
}

describe("roomcast init in a terminal", () => {
  it("asks for what is missing, shows the plan, asks whether to write, and writes", async () => {
    start();
    await answer("What is the API written with?", DOWN, DOWN, ENTER);
    await answer("And the web application?", DOWN, ENTER);
    await answer("Write these files?", ENTER);
    expect(await exitCode()).toBe(0);
    expect(output.indexOf("create")).toBeLessThan(output.indexOf("Write these files?"));
    const manifest = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as { dependencies: object };
    expect(Object.keys(manifest.dependencies)).toEqual([
      "@roomcast/client",
      "@roomcast/redis",
      "@roomcast/server",
      "fastify",
    ]);
  });

  it("suggests what the project has, and asks no more than it must", async () => {
    const dependencies = { express: "^5", react: "^19" };
    await writeFile(join(root, "package.json"), JSON.stringify({ dependencies }));
    start("--yes");
    await answer("What is the API written with?", ENTER);
    await answer("And the web application?", ENTER);
    expect(await exitCode()).toBe(0);
    expect(output).toContain("found in this project");
    expect(output).toContain("Roomcast with Express and a client for React");
    expect(output).not.toContain("Write these files?");
  });

  it("writes nothing where the answer is no", async () => {
    start("--framework", "nest", "--client", "none");
    await answer("Write these files?", "n");
    expect(await exitCode()).toBe(0);
    expect(output).toContain("Nothing was changed.");
    expect(await readdir(root)).toEqual([]);
  });

  it("writes nothing where a question is interrupted", async () => {
    start();
    await answer("What is the API written with?", CONTROL_C);
    expect(await exitCode()).toBe(130);
    expect(await readdir(root)).toEqual([]);
    start("--framework", "nest", "--client", "none");
    await answer("Write these files?", CONTROL_C);
    expect(await exitCode()).toBe(130);
    expect(await readdir(root)).toEqual([]);
  });
});

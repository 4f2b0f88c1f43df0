import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { freePort } from "../../packages/redis/test/redis-server.ts";
import { Program } from "../cli/program.ts";
import { packPackages } from "../packed.ts";
import { integrity, Registry } from "../registry.ts";
import { launchBrowser } from "./react/browser.ts";

// The README, word for word: its commands are run, its files are written, and its addresses are opened.
const markdown = await readFile(new URL("../../README.md", import.meta.url), "utf8");
const [, section = ""] =
  /\n### A chat that shows who is there, from an empty folder\n([^]*?)\n## /.exec(markdown) ?? [];
const blocks = [...section.matchAll(/```(\w+)\n([^]*?)```/g)].map(([, language = "", text = ""]) => ({
  language,
  text,
}));

let folder: string;
let registry: Registry;
let browser: Browser;
let server: Program | undefined;
const complaints: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "roomcast-five-minutes-"));
  registry = await Registry.start();
  browser = await launchBrowser();
}, 60_000);

afterAll(async () => {
  await browser.close();
  if (server?.child.exitCode === null) server.kill("SIGKILL");
  await registry.close();
  await rm(folder, { recursive: true, force: true });
});

const until = (check: () => Promise<void>): Promise<void> => vi.waitFor(check, { timeout: 10_000, interval: 20 });

async function open(address: string): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    // The page has no icon, which browsers ask for by themselves.
    if (["error", "warning"].includes(message.type()) && !message.location().url.endsWith("/favicon.ico"))
      complaints.push(message.text());
  });
  await page.goto(address);
  return page;
}

async function say(page: Page, text: string): Promise<void> {
  await page.getByPlaceholder("Say something").fill(text);
  await page.getByRole("button", { name: "Send" }).click();
}

/** That what npm installed is what we have packed. */
async function expectOurs(names: readonly string[]): Promise<void> {
  const packed = await packPackages();
  const { packages } = JSON.parse(await readFile(join(folder, "package-lock.json"), "utf8")) as {
    readonly packages: Readonly<Record<string, { readonly integrity: string }>>;
  };
  for (const name of names) {
    const tarball = await readFile(packed.get(`@roomcast/${name}`)?.tarball ?? "");
    expect(packages[`node_modules/@roomcast/${name}`]?.integrity).toBe(integrity(tarball));
  }
}

it("brings two browsers to chat, from an empty folder, by its words alone", { timeout: 300_000 }, async () => {
  const startedAt = Date.now();
  const port = await freePort();
  // The last command is the one that goes on.
  const starting = blocks.at(-1)?.text.trim().split("\n").at(-1) ?? "";
  for (const { language, text } of blocks) {
    if (language === "sh") {
      const commands = text
        .trim()
        .split("\n")
        .filter((line) => line !== starting);
      for (const command of commands)
        await promisify(execFile)("sh", ["-c", command], { cwd: folder, env: registry.env });
      continue;
    }
    const [, file = ""] = /^(?:\/\/|<!--) (\S+)/.exec(text) ?? [];
    expect(file).toMatch(/^[\w.]+$/);
    await writeFile(join(folder, file), text, { flag: "wx" });
  }
  await expectOurs(["server", "react", "client", "core", "protocol"]);
  server = new Program("sh", ["-c", starting], { cwd: folder, group: true, env: { PORT: String(port) } });
  await server.written(/Open http:\S+/);

  const addresses = [...section.matchAll(/`(http:\/\/localhost:3000\/\S+)`/g)].map(([, address = ""]) =>
    address.replace("3000", String(port)),
  );
  expect(addresses).toHaveLength(2);
  const [ada, grace] = (await Promise.all(addresses.map(open))) as [Page, Page];
  const both = [ada, grace];
  const here = async (page: Page): Promise<string[]> => {
    const [, names = ""] = /^Here: (.*)$/.exec((await page.locator("p").textContent()) ?? "") ?? [];
    return names.split(", ").toSorted((a, b) => a.localeCompare(b));
  };
  for (const page of both) await until(async () => expect(await here(page)).toEqual(["ada", "grace"]));
  await say(ada, "Is anybody here?");
  for (const page of both) await page.getByText("ada: Is anybody here?", { exact: true }).waitFor();
  await say(grace, "I am");
  for (const page of both) await page.getByText("grace: I am", { exact: true }).waitFor();
  const seconds = (Date.now() - startedAt) / 1000;
  process.stdout.write(`Five minutes took ${seconds.toFixed(1)} seconds.\n`);
  expect(seconds).toBeLessThan(300);

  expect(complaints).toEqual([]);

  // What the page says of a restart holds too: a third one, who knows nothing from before, sees that they came back.
  server.kill("SIGTERM");
  await server.end();
  server = new Program("sh", ["-c", starting], { cwd: folder, group: true, env: { PORT: String(port) } });
  await server.written(/Open http:\S+/);
  const alan = await open((addresses[0] as string).replace("ada", "alan"));
  await until(async () => expect(await here(alan)).toEqual(["ada", "alan", "grace"]));
  await grace.close();
  for (const page of [ada, alan]) await until(async () => expect(await here(page)).toEqual(["ada", "alan"]));
});

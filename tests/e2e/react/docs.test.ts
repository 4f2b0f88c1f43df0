import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { sign } from "../node.ts";
import { launchBrowser } from "./browser.ts";
import { buildPage } from "./build-page.ts";
import { Host } from "./host.ts";

// The snippets of docs/react.md are an application: it compiles, and does what the page says.
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const folder = here("dist/docs");
const markdown = readFileSync(here("../../../docs/react.md"), "utf8");
const snippets = [...markdown.matchAll(/```tsx\n\/\/ (\S+)\n([^]*?)```/g)].map(([, name = "", code = ""]) => ({
  name,
  code,
}));

let browser: Browser;
let host: Host;

beforeAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const { name, code } of snippets) writeFileSync(`${folder}/${name}`, code);
  writeFileSync(`${folder}/index.html`, readFileSync(here("page/index.html")));
  const config = { extends: "../../../../../tsconfig.test.json", include: ["."] };
  writeFileSync(`${folder}/tsconfig.json`, JSON.stringify(config));
  browser = await launchBrowser();
}, 60_000);

afterAll(async () => {
  await browser.close();
  await host.close();
  rmSync(here("dist"), { recursive: true, force: true });
});

const until = (check: () => Promise<void>): Promise<void> => vi.waitFor(check, { timeout: 10_000, interval: 20 });

it("has a snippet for the provider and each hook", () => {
  const names = snippets.map(({ name }) => name);
  expect(names).toEqual(["realtime.ts", "main.tsx", "status.tsx", "chat.tsx", "people.tsx", "bell.tsx", "tasks.tsx"]);
});

it("compiles", { timeout: 60_000 }, () => {
  const tsc = here("../../../node_modules/typescript/bin/tsc");
  const { stdout, status } = spawnSync(process.execPath, [tsc, "-p", folder], { encoding: "utf8" });
  expect([stdout, status]).toEqual(["", 0]);
});

it("does what it says", { timeout: 60_000 }, async () => {
  host = await Host.start(await buildPage({ react: "19", root: folder }), { token: await sign("ada") });
  await host.write(1, "Read the docs");
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  await page.goto(host.url);
  const shows = (text: string): Promise<void> => page.getByText(text, { exact: true }).waitFor();
  await shows("Connected as ada");
  await shows('ada, 1 times {"busy":false}');
  await page.locator("ul").click();
  await shows('ada, 1 times {"busy":true}');
  await shows("Read the docs");
  await host.write(2, "Try them");
  await shows("Try them");
  await page.getByRole("button", { name: "Say hello" }).click();
  await shows("Hello");
  await host.gateway.notify("default", ["ada"], { title: "For Ada" });
  await shows("1 unread");
  await page.getByText("For Ada").click();
  await shows("0 unread");
  await host.remove(1);
  await until(async () => expect(await page.locator("ol li").allTextContents()).toEqual(["Try them"]));
  expect(complaints).toEqual([]);
});

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { Program } from "../../cli/program.ts";
import { launchBrowser } from "./browser.ts";

// The example as its users have it: started by the command of its README, in two browsers.
const repository = fileURLToPath(new URL("../../..", import.meta.url));
const readme = readFileSync(new URL("../../../examples/react/README.md", import.meta.url), "utf8");
const [, command = ""] = /```\n(.+)\n```/.exec(readme) ?? [];
const PHONE = { width: 390, height: 844 };
const WIDE = { width: 1280, height: 800 };

let browser: Browser;
let program: Program;
let url: string;
const complaints: string[] = [];

beforeAll(async () => {
  program = new Program("sh", ["-c", command], { cwd: repository, group: true, env: { PORT: "0" } });
  [, url] = (await program.written(/Chat: (http:\/\/\S+)/)) as unknown as [string, string];
  browser = await launchBrowser();
}, 120_000);

afterAll(async () => {
  await browser.close();
  if (program.child.exitCode === null) program.kill("SIGKILL");
});

const until = (check: () => Promise<void>): Promise<void> => vi.waitFor(check, { timeout: 10_000, interval: 20 });

async function open(user: string, viewport: { width: number; height: number }): Promise<Page> {
  const page = await (await browser.newContext({ viewport })).newPage();
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  await page.goto(url);
  await page.getByRole("button", { name: user }).click();
  await page.getByText("Connected", { exact: true }).waitFor();
  return page;
}

const texts = (page: Page): Promise<string[]> => page.locator(".message .text").allTextContents();
const people = (page: Page): Promise<string[]> => page.locator("aside li > span:nth-child(2)").allTextContents();

async function write(page: Page, text: string): Promise<void> {
  await page.getByLabel("New message").fill(text);
  await page.getByRole("button", { name: "Send" }).click();
}

it("two browsers chat, see each other, and are told of mentions", { timeout: 60_000 }, async () => {
  expect(command).toBe("npm run example react");
  const ada = await open("Ada", WIDE);
  await write(ada, "Is anybody here?");
  const grace = await open("Grace", PHONE);
  await until(async () => expect(await texts(grace)).toEqual(["Is anybody here?"]));
  await until(async () => expect(await people(ada)).toEqual(["Ada (you)", "Grace"]));
  await until(async () => expect(await people(grace)).toEqual(["Ada", "Grace (you)"]));

  await grace.getByLabel("New message").pressSequentially("Y");
  await ada.getByText("Grace is typing …").waitFor();
  await write(grace, "Yes, @ada!");
  const said = ["Is anybody here?", "Yes, @ada!"];
  await until(async () => expect([await texts(ada), await texts(grace)]).toEqual([said, said]));
  expect(await ada.getByText("Grace is typing …").count()).toBe(0);
  await grace.getByLabel("New message").pressSequentially("A");
  await ada.getByText("Grace is typing …").waitFor();

  await ada.getByLabel("Notifications, 1 unread").click();
  await ada.getByText("Grace mentioned you").click();
  await ada.getByLabel("Notifications, 0 unread").click();
  expect(await grace.getByLabel("Notifications, 0 unread").count()).toBe(1);

  // Neither is wider than its window.
  for (const page of [ada, grace]) {
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true);
  }
  // A second window of the same person, which reads what was written before it came.
  const again = await open("Grace", WIDE);
  await until(async () => expect(await texts(again)).toEqual(said));
  await ada.getByText("2 windows").waitFor();
  await again.close();
  await grace.close();
  await until(async () => expect(await people(ada)).toEqual(["Ada (you)"]));
  expect(complaints).toEqual([]);

  // Its streams close when the last process has ended.
  program.kill("SIGTERM");
  await program.end();
  await expect(fetch(url)).rejects.toThrow("fetch failed");
});

import { fork, type ChildProcess } from "node:child_process";
import { SignJWT } from "jose";
import type { Browser, Page } from "playwright-core";
import { io, type Socket } from "socket.io-client";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { freePort, RedisServer } from "../../../packages/redis/test/redis-server.ts";
import type { Program } from "../../cli/program.ts";
import { launchBrowser } from "../react/browser.ts";
import { application } from "./applications.ts";
import type {} from "./client/main.tsx";
import { Workshop, type Client, type Framework, type Project } from "./project.ts";
import { buildDriver, buildPage, serveFiles } from "./web.ts";

// All that `roomcast init` generates: installed from the packed packages, checked by `tsc`, and run against each other.

const FRAMEWORKS: readonly Framework[] = ["nest", "express", "fastify"];

let workshop: Workshop;
let browser: Browser;
beforeAll(async () => {
  [workshop, browser] = await Promise.all([Workshop.open(FRAMEWORKS), launchBrowser()]);
}, 180_000);
afterAll(async () => {
  await browser.close();
  await workshop.close();
});

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).toReversed()) await step();
});

const until = (check: () => void | Promise<void>): Promise<void> =>
  vi.waitFor(check, { timeout: 10_000, interval: 10 });

describe.each(FRAMEWORKS)("%s", (framework) => {
  it("without a client: starts as it is, and serves Socket.IO clients on two nodes", { timeout: 60_000 }, async () => {
    const project = await prepare(framework, "none");
    const port = await freePort();
    const program = await project.start("dev", { PORT: String(port) }, /API: http/);
    cleanUp.push(() => stop(program));
    expect(await (await fetch(`http://localhost:${port}/`)).json()).toEqual({ status: "ok" });
    await stop(program);

    // Two nodes, by REDIS_URL: what is said on one is heard on the other.
    const redis = await RedisServer.start();
    cleanUp.push(() => redis.stop());
    const env = { REDIS_URL: redis.url };
    const { url, token } = await startApplication(project, framework, { env });
    const other = await startApplication(project, framework, { env });
    const alice = await connect(url, await token("alice"));
    const bob = await connect(other.url, await token("bob"));
    // Answered once what is published on the other node comes here, too.
    expect(await bob.emitWithAck("join", { room: "org:acme" })).toEqual({ ok: true });
    expect(await alice.emitWithAck("message", { room: "org:acme", data: { text: "Hello" } })).toEqual({ ok: true });
    await until(() =>
      expect([alice.heard, bob.heard]).toMatchObject([
        [["message", { userId: "alice", data: { text: "Hello" } }]],
        [["message", { userId: "alice", data: { text: "Hello" } }]],
      ]),
    );
    await post(`${url}/notify/bob/acme`);
    await post(`${url}/plan/acme`);
    const plan = ["plan", { size: "large" }];
    await until(() =>
      expect([bob.heard.slice(1), alice.heard.slice(1)]).toEqual([
        [["notification", { title: "Hello" }], plan],
        [plan],
      ]),
    );
    await expect(connect(url, "no token")).rejects.toMatchObject({
      message: "Authentication error",
      data: { code: "UNAUTHENTICATED" },
    });
  });

  it("does not start without a secret, or with a short one", { timeout: 60_000 }, async () => {
    const project = await prepare(framework, "none", `${framework}-secret`);
    await project.npmRun("build");
    await expect(project.start("start", { PORT: "0" }, /API: http/)).rejects.toThrow(/JWT_SECRET is not set/);
    const empty = { PORT: "0", JWT_SECRET: "" };
    await expect(project.start("start", empty, /API: http/)).rejects.toThrow(/JWT_SECRET is not set/);
    const short = { PORT: "0", JWT_SECRET: "short" };
    await expect(project.start("start", short, /API: http/)).rejects.toThrow(/auth\.jwt\.secret/);
  });

  it("with a client without a framework", { timeout: 60_000 }, async () => {
    const project = await prepare(framework, "vanilla");
    const { url, token } = await startApplication(project, framework);
    const bob = await connect(url, await token("bob"));
    const driver = await startDriver(project, url);

    driver.send({ action: "connect", token: await token("alice"), room: "org:acme" });
    await until(() => expect(driver.said("subscribed")).toEqual(["notifications:alice", "org:acme"]));
    expect([driver.said("same"), driver.said("session")]).toEqual([[true], ["alice"]]);
    driver.send({ action: "publish", room: "org:acme", data: { text: "Hello" } });
    await until(() => expect(bob.heard).toMatchObject([["message", { userId: "alice", data: { text: "Hello" } }]]));
    bob.emit("message", { room: "org:acme", data: { text: "Hello to you" } });
    await until(() =>
      expect(driver.said("message")).toEqual([
        ["alice", { text: "Hello" }],
        ["bob", { text: "Hello to you" }],
      ]),
    );
    await post(`${url}/notify/alice/acme`);
    await post(`${url}/plan/acme`);
    await until(() =>
      expect([driver.said("notification"), driver.said("plan")]).toEqual([[{ title: "Hello" }], [{ size: "large" }]]),
    );
    driver.send({ action: "disconnect" });
    await until(() => expect(driver.said("gone")).toEqual([true]));
    driver.send({ action: "connect", token: "no token" });
    await until(() => expect(driver.said("error")).toEqual(["UNAUTHENTICATED"]));
    expect(driver.said("state").at(-1)).toBe("disconnected");
    expect([driver.said("session"), driver.said("failed")]).toEqual([["alice"], []]);
  });

  it("with a client for React", { timeout: 60_000 }, async () => {
    const project = await prepare(framework, "react");
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const site = await serveFiles(await buildPage(project, url));
    cleanUp.push(() => site.close());
    const { token } = await startApplication(project, framework, { port, env: { FRONTEND_URL: site.url } });
    const bob = await connect(url, await token("bob"));
    for (const origin of [site.url, "http://elsewhere.example"]) {
      const { headers } = await fetch(`${url}/socket.io/?EIO=4&transport=polling`, { headers: { origin } });
      expect(headers.get("access-control-allow-origin")).toBe(origin === site.url ? origin : null);
    }
    const { page, complaints } = await openPage(site.url);
    const shows = (id: string, value: unknown): Promise<void> =>
      until(async () => expect(JSON.parse((await page.locator(`#${id}`).textContent()) ?? "")).toEqual(value));
    const heard = (): Promise<readonly unknown[]> => page.evaluate(() => window.init.heard);

    await shows("left", { unread: 0, payloads: [] });
    await page.evaluate((alice) => window.init.setToken(alice), await token("alice"));
    // Waits for the hook's effect.
    await until(async () => {
      await page.evaluate(() => window.init.follow("org:acme"));
      expect(await heard()).toContain("org:acme");
    });
    await page.evaluate(() => window.init.publish("org:acme", { text: "Hello" }));
    await until(() => expect(bob.heard).toMatchObject([["message", { userId: "alice", data: { text: "Hello" } }]]));
    bob.emit("message", { room: "org:acme", data: { text: "Hello to you" } });
    await until(async () => expect(await heard()).toContainEqual({ text: "Hello to you" }));
    await post(`${url}/notify/alice/acme`);
    const one = { unread: 1, payloads: [{ title: "Hello" }] };
    await shows("left", one);
    await shows("right", one);
    // Two components do not disturb each other, and another user sees nothing of the first.
    await page.evaluate(() => window.init.show(["right"]));
    await post(`${url}/notify/alice/acme`);
    const two = { unread: 2, payloads: [{ title: "Hello" }, { title: "Hello" }] };
    await shows("right", two);
    // Who comes later has what the server keeps.
    await page.evaluate(() => window.init.show(["right", "late"]));
    await shows("late", two);
    await page.evaluate((carol) => window.init.setToken(carol), await token("carol"));
    await shows("right", { unread: 0, payloads: [] });
    await post(`${url}/notify/carol/acme`);
    await shows("right", one);
    expect(complaints).toEqual([]);
    await page.evaluate(() => window.init.setToken("no token"));
    await until(() => expect(complaints).toEqual([expect.stringContaining("RealtimeError")]));
    await shows("right", { unread: 0, payloads: [] });
  });
});

/** A generated project that `tsc` takes, and whose files import nothing that it does not name. */
async function prepare(framework: Framework, client: Client, name?: string): Promise<Project> {
  const project = await workshop.generate(framework, client, name);
  const api = framework === "nest" ? ["events.gateway.ts", "websockets.module.ts"] : ["socket.ts"];
  const web = client === "none" ? [] : ["lib/socket.ts", ...(client === "react" ? ["hooks/use-notifications.ts"] : [])];
  expect(await project.files()).toEqual(
    expect.arrayContaining([
      ".env",
      ".env.example",
      ".gitignore",
      "package.json",
      "apps/api/src/main.ts",
      ...api.map((file) => `apps/api/src/websockets/${file}`),
      ...web.map((file) => `apps/web/src/${file}`),
    ]),
  );
  await project.npmRun("typecheck");
  return project;
}

/** Has an application of a user's in the place of the generated `main.ts`, and starts it. */
async function startApplication(
  project: Project,
  framework: Framework,
  { port, env }: { port?: number; env?: Readonly<Record<string, string>> } = {},
) {
  await project.write("apps/api/src/main.ts", application(framework));
  const at = port ?? (await freePort());
  const program = await project.start("dev", { PORT: String(at), ...env }, /listening/);
  cleanUp.push(() => stop(program));
  const secret = new TextEncoder().encode(await project.secret());
  const token = (userId: string): Promise<string> =>
    new SignJWT({ orgId: "acme" })
      .setProtectedHeader({ alg: "HS256" })
      .setSubject(userId)
      .setExpirationTime("1h")
      .sign(secret);
  return { url: `http://127.0.0.1:${at}`, token };
}

async function stop(program: Program): Promise<void> {
  if (program.child.exitCode === null && program.child.signalCode === null) program.kill("SIGTERM");
  await program.end();
}

async function post(url: string): Promise<void> {
  expect((await fetch(url, { method: "POST" })).ok).toBe(true);
}

/** A client of Socket.IO alone, as a set-up by PlazerCLI has it; `heard` is all that it got. */
async function connect(url: string, token: string): Promise<Socket & { readonly heard: unknown[][] }> {
  const heard: unknown[][] = [];
  const socket = io(`${url}/events`, { auth: { token }, forceNew: true, transports: ["websocket"] });
  cleanUp.push(() => socket.disconnect());
  socket.onAny((...event: unknown[]) => heard.push(event));
  await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("connect_error", reject));
  return Object.assign(socket, { heard });
}

/** The generated client, in a process of its own. */
async function startDriver(project: Project, url: string) {
  const file = await buildDriver(project);
  const { PATH = "" } = process.env;
  const child: ChildProcess = fork(file, { env: { PATH, NEXT_PUBLIC_API_URL: url }, execArgv: [] });
  cleanUp.push(() => child.kill("SIGKILL"));
  const reports: { readonly what: string; readonly value: unknown }[] = [];
  child.on("message", (report) => reports.push(report as (typeof reports)[number]));
  const said = (what: string): unknown[] => reports.filter((one) => one.what === what).map(({ value }) => value);
  await until(() => expect(said("ready")).toEqual([true]));
  return { said, send: (message: object) => child.send(message) };
}

async function openPage(url: string): Promise<{ readonly page: Page; readonly complaints: string[] }> {
  const context = await browser.newContext();
  cleanUp.push(() => context.close());
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  await page.goto(url);
  return { page, complaints };
}

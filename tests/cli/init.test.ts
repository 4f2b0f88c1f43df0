import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { run } from "./program.ts";

const EXPRESS = ["init", "--framework", "express", "--client", "vanilla"];

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "roomcast-cli-init-"));
});
afterEach(() => rm(root, { recursive: true }));

/** Writes files, by their paths in the project. */
async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
}

/** All files of the project with their texts, and its empty folders. */
async function tree(): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = await Promise.all(
    entries.map(async (entry): Promise<readonly [string, string]> => {
      const path = join(entry.parentPath, entry.name);
      return [path.slice(root.length + 1), entry.isDirectory() ? "folder" : await readFile(path, "utf8")];
    }),
  );
  return Object.fromEntries(files.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

const init = (...more: readonly string[]) => run([...EXPRESS, "--dir", root, ...more]);
const read = (path: string): Promise<string> => readFile(join(root, path), "utf8");
const manifest = async (path = "package.json"): Promise<Readonly<Record<string, Readonly<Record<string, string>>>>> =>
  JSON.parse(await read(path)) as Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Runs it in vain: exit code, one line, and nothing has changed. */
async function expectRefusal(args: readonly string[], code: number, line: RegExp | string): Promise<void> {
  const before = await tree();
  const done = await run(["init", "--dir", root, ...args]);
  expect(done.code).toBe(code);
  if (typeof line === "string") expect(done.stderr).toBe(`roomcast init: ${line}\n`);
  else expect(done.stderr).toMatch(line);
  expect(done.stderr.trimEnd().split("\n")).toHaveLength(1);
  expect(await tree()).toEqual(before);
}

describe("roomcast init in an empty folder", () => {
  it("shows the plan, writes a project, and ends with the two commands", async () => {
    const { code, stdout, stderr } = await init("--dir", join(root, "My App"));
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^Roomcast with Express and a client for .*, for a new project in/);
    expect(stdout).toMatch(/^ {2}create {5}apps\/api\/src\/websockets\/socket\.ts$/m);
    const ending = `  cd '${join(root, "My App")}' && npm install\n  npm run dev\n`;
    expect(stdout.endsWith(ending)).toBe(true);
    expect(await manifest("My App/package.json")).toMatchObject({ name: "my-app", private: true });
    expect((await stat(join(root, "My App/.env"))).mode & 0o777).toBe(0o600);
  });

  it("changes nothing the second time, be it with --force", async () => {
    await init();
    const before = await tree();
    for (const more of [[], ["--force"]]) {
      const { code, stdout } = await init(...more);
      expect({ code, changes: /^ {2}(create|amend|differs) /m.test(stdout) }).toEqual({ code: 0, changes: false });
      expect(stdout).toContain("Nothing to change.");
      expect(await tree()).toEqual(before);
    }
  });

  it("puts the parts where it is told", async () => {
    await init("--api-dir", "server", "--web-dir", "./packages/web/");
    const files = Object.keys(await tree());
    expect(files).toContain("server/src/websockets/socket.ts");
    expect(files).toContain("packages/web/src/lib/socket.ts");
    expect(files.filter((file) => file.startsWith("apps"))).toEqual([]);
    expect((await manifest())["scripts"]).toMatchObject({ build: "tsc -p server" });
  });
});

describe("roomcast init in a folder with files and no package.json", () => {
  it("leaves them as they are, and adds what is missing", async () => {
    const mine = {
      "README.md": "mine",
      "apps/api/src/main.ts": "mine",
      ".env": "JWT_SECRET=mine",
      ".gitignore": "/tmp",
    };
    await write(mine);
    const { code, stdout } = await init();
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ {2}kept {7}apps\/api\/src\/main\.ts$/m);
    const { ".gitignore": gitignore, ...kept } = mine;
    expect(await tree()).toMatchObject({ ...kept, ".gitignore": `${gitignore}\nnode_modules/\ndist/\n.env\n` });
    expect(await manifest()).toHaveProperty("dependencies");
  });
});

describe("roomcast init in a project", () => {
  it("adds its files alone, and amends package.json and .env.example as they are written", async () => {
    const before = { name: "shop", scripts: { "start:dev": "x" }, dependencies: { zod: "^4", express: "4.19.0" } };
    await write({
      "package.json": `${JSON.stringify(before, undefined, "\t")}\n`.replaceAll("\n", "\r\n"),
      ".env.example": "DATABASE=x\nexport JWT_SECRET = y",
      "pnpm-lock.yaml": "",
    });
    const { code, stdout } = await init();
    expect(code).toBe(0);
    const files = Object.entries(await tree()).filter(([, text]) => text !== "folder");
    expect(files.map(([name]) => name)).toEqual([
      ".env.example",
      "apps/api/src/websockets/socket.ts",
      "apps/web/src/lib/socket.ts",
      "package.json",
      "pnpm-lock.yaml",
    ]);
    const text = await read("package.json");
    expect(text).toMatch(/^\{\r\n\t"name": "shop",\r\n/);
    expect(text.endsWith("}\r\n")).toBe(true);
    const { dependencies, scripts } = await manifest();
    expect(scripts).toEqual(before.scripts);
    expect(Object.keys(dependencies ?? {})).toEqual([
      "@roomcast/client",
      "@roomcast/redis",
      "@roomcast/server",
      "express",
      "zod",
    ]);
    expect(dependencies).toMatchObject(before.dependencies);
    expect(await read(".env.example")).toMatch(
      /^DATABASE=x\nexport JWT_SECRET = y\n# .*\nFRONTEND_URL=(?!.*JWT_SECRET=)/s,
    );
    expect(stdout).toContain("realtime.listen in the place of app.listen");
    expect(stdout).toMatch(/ pnpm install\n {2}pnpm run start:dev\n$/);
  });

  it("goes by the packageManager field before lockfiles", async () => {
    await write({
      "package.json": '{"packageManager":"yarn@4.1.0","scripts":{"start":"x"}}',
      "package-lock.json": "{}",
    });
    expect((await init()).stdout).toMatch(/ yarn install\n {2}yarn run start\n$/);
  });

  it("amends the package.json of API and web application where they have their own", async () => {
    await write({
      "package.json": '{"devDependencies":{"typescript":"^5.9"}}',
      "apps/api/package.json": '{"name":"api"}',
      "apps/web/package.json": '{"name":"web","dependencies":{"react":"^18"}}',
    });
    await run(["init", "--framework", "fastify", "--client", "react", "--dir", root]);
    expect(await manifest()).toEqual({ devDependencies: { typescript: "^5.9" } });
    const api = await manifest("apps/api/package.json");
    expect(Object.keys(api["dependencies"] ?? {})).toEqual(["@roomcast/redis", "@roomcast/server", "fastify"]);
    expect(Object.keys(api["devDependencies"] ?? {})).toEqual(["@types/node"]);
    expect((await manifest("apps/web/package.json"))["dependencies"]).toMatchObject({ react: "^18" });
  });

  it.each([
    ["nodenext", { module: "nodenext" }, "../lib/socket.js"],
    ["a bundler's", { module: "esnext", moduleResolution: "bundler" }, "../lib/socket"],
    ["its own ends", { module: "nodenext", rewriteRelativeImportExtensions: true }, "../lib/socket.ts"],
  ])("ends imports as modules of %s do", async (_, compilerOptions, specifier) => {
    await write({
      "package.json": "{}",
      "tsconfig.base.json": `{ /* shared, */ "compilerOptions": ${JSON.stringify(compilerOptions)}, }`,
      "apps/web/tsconfig.json": '{ "extends": "../../tsconfig.base.json" } // of the page',
    });
    await run(["init", "--framework", "express", "--client", "react", "--dir", root]);
    expect(await read("apps/web/src/hooks/use-notifications.ts")).toContain(`from "${specifier}"`);
  });

  it("says which settings of TypeScript stand in the way", async () => {
    await write({
      "package.json": "{}",
      "tsconfig.json": '{"compilerOptions":{"module":"commonjs","moduleResolution":"node"}}',
    });
    const { code, stdout } = await run(["init", "--framework", "nest", "--client", "none", "--dir", root]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Note: tsconfig\.json: with "module": "nodenext"/m);
    expect(stdout).toMatch(/^Note: tsconfig\.json: NestJS needs "experimentalDecorators"/m);
  });

  it("says what Vite has to be told", async () => {
    await write({ "package.json": "{}", "apps/web/package.json": '{"devDependencies":{"vite":"^8"}}' });
    expect((await init()).stdout).toMatch(/^Note: vite\.config: .*"process\.env\.NEXT_PUBLIC_API_URL"/m);
  });

  it("overwrites what differs with --force alone", async () => {
    const socket = "apps/api/src/websockets/socket.ts";
    await write({ "package.json": "{}", [socket]: "mine" });
    const line = `nothing was changed; --force overwrites what differs: ${socket}`;
    await expectRefusal(EXPRESS.slice(1), 3, line);
    const { code, stdout } = await init("--force");
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^ {2}overwrite {2}${socket}$`, "m"));
    expect(await read(socket)).toContain("export function setupWebSockets");
  });
});

describe("roomcast init refuses with one line, and changes nothing,", () => {
  it.each([
    [
      "a missing framework without a terminal",
      ["--client", "none"],
      /^roomcast init: --framework is missing, and without a terminal/,
    ],
    [
      "a missing client without a terminal",
      ["--framework", "nest", "--yes"],
      /^roomcast init: --client is missing, and/,
    ],
    [
      "an unknown framework",
      ["--framework", "koa", "--client", "none"],
      /--framework is "koa"; it may be nest, express, fastify/,
    ],
    [
      "an unknown client",
      ["--framework", "nest", "--client", "vue"],
      /--client is "vue"; it may be react, vanilla, none/,
    ],
    [
      "a folder outside",
      [...EXPRESS.slice(1), "--api-dir", "../api"],
      /--api-dir is "\.\.\/api"; it may be a folder in/,
    ],
    [
      "a folder that climbs",
      [...EXPRESS.slice(1), "--web-dir", "a/../../b"],
      /--web-dir is "a\/\.\.\/\.\.\/b"; it may be/,
    ],
    ["an absolute folder", [...EXPRESS.slice(1), "--web-dir", "/web"], /--web-dir is "\/web"; it may be a folder in/],
    ["one folder for two applications", [...EXPRESS.slice(1), "--web-dir", "apps/api"], /are the same folder/],
  ])("%s", async (_, args, line) => {
    await expectRefusal(args, 2, line);
  });

  it.each([
    ["no JSON", '{ "name": ', /^roomcast init: package\.json is broken: .*; nothing was changed$/m],
    ["no object", "[]", /^roomcast init: package\.json is broken: it holds no object/],
    ["dependencies that are none", '{"dependencies":[]}', /package\.json is broken: its dependencies are no object/],
  ])("a package.json with %s", async (_, text, line) => {
    await write({ "package.json": text });
    await expectRefusal(EXPRESS.slice(1), 1, line);
  });

  it("a file in the place of a folder", async () => {
    await write({ "package.json": "{}", apps: "a file" });
    await expectRefusal(EXPRESS.slice(1), 1, /cannot be: a file is in the place of its folder; nothing was changed$/m);
    await expectRefusal([...EXPRESS.slice(1), "--api-dir", "api"], 1, /apps\/web\/.* a file is in the place of/);
  });

  it("a folder in the place of a file", async () => {
    await mkdir(join(root, "apps/web/src/lib/socket.ts"), { recursive: true });
    await expectRefusal(EXPRESS.slice(1), 1, "apps/web/src/lib/socket.ts is a folder; nothing was changed");
  });

  it("a project that is a file, or cannot be written to", async () => {
    await write({ file: "" });
    const file = join(root, "file");
    expect(await run([...EXPRESS, "--dir", file])).toMatchObject({
      code: 1,
      stderr: `roomcast init: ${file} is no folder; nothing was changed\n`,
    });
    // Nobody can make a folder there, not even root.
    const { code, stderr } = await run([...EXPRESS, "--dir", "/proc/roomcast"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^roomcast init: apps\/api\/src\/websockets\/socket\.ts cannot be written \(E\w+\); nothing was changed\n$/,
    );
  });
});

describe("roomcast init that is interrupted half-way", () => {
  /** Has the signal come just before the file of this number takes its name. */
  const interrupting = (signal: string, at: number): string => {
    const script = `
      import { syncBuiltinESMExports } from "node:module";
      import fs from "node:fs/promises";
      const { rename } = fs;
      let count = 0;
      fs.rename = async (...paths) => {
        if (++count === ${at}) {
          // A signal that is on its way keeps no process alive.
          const alive = setInterval(() => {}, 1000);
          const heard = new Promise((resolve) => process.once(${JSON.stringify(signal)}, resolve));
          process.kill(process.pid, ${JSON.stringify(signal)});
          await heard;
          clearInterval(alive);
        }
        return await rename(...paths);
      };
      syncBuiltinESMExports();
    `;
    return `--import=data:text/javascript,${encodeURIComponent(script)}`;
  };

  it.each([
    ["SIGINT", 1],
    ["SIGINT", 3],
    ["SIGTERM", 4],
  ])("leaves everything as it was: %s before the file of number %d", async (signal, at) => {
    await write({ "package.json": "{}", "apps/api/src/websockets/socket.ts": "mine", "apps/other": "mine" });
    const before = await tree();
    const env = { NODE_OPTIONS: interrupting(signal, at) };
    const done = await run([...EXPRESS, "--dir", root, "--force"], { env });
    expect([done.code, done.stderr]).toEqual([130, "roomcast init: interrupted; nothing was changed\n"]);
    expect(await tree()).toEqual(before);
    expect((await init("--force")).code).toBe(0);
  });

  it("leaves no folder behind that was not there", async () => {
    const env = { NODE_OPTIONS: interrupting("SIGINT", 2) };
    expect((await run([...EXPRESS, "--dir", join(root, "new/app")], { env })).code).toBe(130);
    expect(await tree()).toEqual({});
  });
});

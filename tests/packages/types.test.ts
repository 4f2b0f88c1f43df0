import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { installPacked, publicPackages } from "../packed.ts";
import { specifiers } from "./specifiers.ts";

const run = promisify(execFile);
const packages = [...publicPackages().values()];
const every = packages.flatMap(({ manifest }) => specifiers(manifest));
const ranges = new Map(packages.flatMap(({ manifest }) => Object.entries(manifest.devDependencies ?? {})));
const TYPESCRIPT_7 = fileURLToPath(new URL("../../node_modules/typescript/bin/tsc", import.meta.url));

/** A module has types: what is not found does not compile, and what is found without types is `any`. */
const TYPED = "type Typed<T> = 0 extends T & 1 ? never : true;\n";
const esm = `${TYPED}${every.map((from, n) => `import * as m${n} from "${from}";\nexport const t${n}: Typed<typeof m${n}> = true;\n`).join("")}`;
const cjs = `${TYPED}${every.map((from, n) => `import m${n} = require("${from}");\nexport const t${n}: Typed<typeof m${n}> = true;\n`).join("")}`;

/** The examples of the packages' READMEs, as files. */
const examples: { readonly file: string; readonly code: string }[] = [];
let folder: string;
let typescript5: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "roomcast-types-"));
  const dependencies = Object.fromEntries(
    ["express", "@types/express", "fastify", "moleculer", "@types/react", "react", "reflect-metadata", "rxjs"]
      .concat(["@nestjs/common", "@nestjs/core", "@nestjs/websockets"])
      .map((name) => [name, ranges.get(name) ?? "latest"]),
  );
  await installPacked({
    folder,
    packages: packages.map(({ manifest }) => manifest.name),
    dependencies: { ...dependencies, "@types/node": "^20.19", typescript: "^5", zod: "^4" },
  });
  typescript5 = join(folder, "node_modules/typescript/bin/tsc");
  for (const { manifest, folder: from } of packages) {
    const readme = await readFile(join(from, "README.md"), "utf8");
    const found = [...readme.matchAll(/```(tsx?)\n([^]*?)```/g)];
    expect([manifest.name, found.length]).toEqual([manifest.name, 1]);
    const [, extension = "", code = ""] = found[0] ?? [];
    examples.push({ file: `${manifest.name.split("/").at(-1)}.${extension}`, code });
  }
}, 180_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

interface Project {
  readonly tsc: string;
  readonly type?: "module" | "commonjs";
  readonly compilerOptions: Readonly<Record<string, unknown>>;
  readonly files: Readonly<Record<string, string>>;
}

/** Compiles a project of its own beside the packages, and gives where it is. */
async function compile(name: string, { tsc, type = "module", compilerOptions, files }: Project): Promise<string> {
  const project = join(folder, name);
  await mkdir(project);
  const options = { strict: true, types: ["node"], outDir: "out", ...compilerOptions };
  await writeFile(join(project, "package.json"), JSON.stringify({ private: true, type }));
  await writeFile(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions: options, include: ["."] }));
  for (const [file, text] of Object.entries(files)) await writeFile(join(project, file), text);
  const { stdout } = await run(process.execPath, [tsc, "-p", project]).catch(
    (error: unknown) => error as { stdout: string },
  );
  expect(stdout).toBe("");
  return project;
}

const readmes = (): Readonly<Record<string, string>> =>
  Object.fromEntries(examples.map(({ file, code }) => [file, `${code}\nexport {};\n`]));
/** For the decorators of Nest. */
const decorators = { experimentalDecorators: true, emitDecoratorMetadata: true };

it(
  "TypeScript finds them from ES modules and CommonJS (nodenext), and the READMEs' examples compile",
  { timeout: 60_000 },
  async () => {
    await compile("nodenext", {
      tsc: TYPESCRIPT_7,
      compilerOptions: { ...decorators, module: "nodenext", target: "es2023", jsx: "react-jsx", skipLibCheck: true },
      files: { "modules.mts": esm, "common.cts": cjs, ...readmes() },
    });
  },
);

it("so it does for a bundler", { timeout: 60_000 }, async () => {
  await compile("bundler", {
    tsc: TYPESCRIPT_7,
    compilerOptions: {
      ...decorators,
      module: "esnext",
      moduleResolution: "bundler",
      target: "es2023",
      jsx: "react-jsx",
      skipLibCheck: true,
    },
    files: { "modules.ts": esm, ...readmes() },
  });
});

it("TypeScript 5 does, in an application of CommonJS as Nest sets it up, which runs", { timeout: 60_000 }, async () => {
  const nest = examples.find(({ file }) => file === "nest.ts")?.code ?? "";
  const project = await compile("classic", {
    tsc: typescript5,
    type: "commonjs",
    // Resolution is left to its default, which knows no `exports`.
    compilerOptions: { ...decorators, module: "commonjs", target: "es2023", esModuleInterop: true, skipLibCheck: true },
    files: { "modules.ts": esm, "common.ts": cjs, "nest.ts": nest },
  });
  const { stdout, stderr } = await run(
    process.execPath,
    ["-e", 'require("./out/common.js"); require("./out/nest.js"); console.log("ran");'],
    { cwd: project },
  );
  expect([stdout, stderr]).toEqual(["ran\n", ""]);
});

import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const core = join(root, "packages/core/src");
const protocol = join(root, "packages/protocol/src");
const dialects = join(protocol, "dialects");

const TEST = /\.test(-d)?\.ts$/;
const IMPORT = /\b(?:import|export)\b[^"';]*?\bfrom\s*"([^"]+)"|\bimport\s+"([^"]+)"/g;

/** Files of TypeScript below a folder that are no tests, as paths. */
function sources(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !TEST.test(file))
    .map((file) => join(folder, file));
}

function imports(file: string): readonly string[] {
  return [...readFileSync(file, "utf8").matchAll(IMPORT)].map(([, from, bare]) => (from ?? bare) as string);
}

/** The code of a file, without comments. */
function code(file: string): string {
  return readFileSync(file, "utf8")
    .replaceAll(/\/\*[^]*?\*\//g, "")
    .replaceAll(/(?<=^|\s)\/\/.*$/gm, "");
}

function lines(file: string, pattern: RegExp): readonly string[] {
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => pattern.test(line))
    .map((line) => `${relative(root, file)}: ${line.trim()}`);
}

describe("the engine", () => {
  it("has no dialect's name in it", () => {
    const files = sources(core);
    expect(files.length).toBeGreaterThan(30);
    expect(files.flatMap((file) => lines(file, /steedos|twake|plazer/i))).toEqual([]);
    // Its clients for tests speak the native dialect unless they are told another.
    const engine = files.filter((file) => !file.startsWith(join(core, "testing")));
    expect(engine.flatMap((file) => lines(file, /\bnative|nativeDialect/i))).toEqual([]);
  });
});

describe("a dialect", () => {
  const files = sources(dialects);

  it("is there for each language", () => {
    expect(files.map((file) => relative(dialects, file)).toSorted((a, b) => a.localeCompare(b))).toEqual([
      "native.ts",
      "plazer.ts",
      "steedos.ts",
      "twake.ts",
    ]);
  });

  it.each(files.map((file) => ({ name: relative(root, file), file })))("$name is a codec, and small", ({ file }) => {
    const text = code(file);
    expect(text.split("\n").length).toBeLessThan(300);
    // Of its package alone, and of no other dialect.
    for (const name of imports(file)) expect(name).toMatch(/^\.\.\/[\w-]+\.ts$/);
    expect(text).not.toMatch(/\b(?:import|require)\s*\(/);
    // No time, no chance, no waiting, no world.
    expect(text).not.toMatch(/\b(?:async|await|Promise|setTimeout|setInterval|setImmediate|queueMicrotask)\b/);
    expect(text).not.toMatch(/\b(?:Math\.random|Date\.now|new Date\(\)|performance|crypto|globalThis)\b/);
    expect(text).not.toMatch(/\b(?:fetch|WebSocket|XMLHttpRequest|process|console|Buffer|localStorage|document)\b/);
    // No state either: what stands outside of functions never changes.
    expect(text).not.toMatch(/^(?:export )?(?:let|var) /m);
    expect(text).not.toMatch(/\bclass\b/);
  });

  it("rests on files that import nothing from outside", () => {
    const seen = new Set<string>();
    const look = (file: string): void => {
      if (seen.has(file)) return;
      seen.add(file);
      for (const name of imports(file)) {
        expect([relative(root, file), name]).toEqual([relative(root, file), expect.stringMatching(/^\.{1,2}\//)]);
        look(resolve(file, "..", name));
      }
    };
    for (const file of files) look(file);
    expect(seen.size).toBeGreaterThan(files.length);
    expect([...seen].filter((file) => !file.startsWith(protocol))).toEqual([]);
  });
});

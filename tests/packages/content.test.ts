import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { packPackages, publicPackages, type Packed } from "../packed.ts";

const run = promisify(execFile);
const licence = readFileSync(new URL("../../LICENSE", import.meta.url), "utf8");

let packed: ReadonlyMap<string, Packed>;
beforeAll(async () => {
  packed = await packPackages();
}, 60_000);

describe.each([...publicPackages().keys()])("the tarball of %s", (name) => {
  let files: readonly string[];
  const read = async (file: string): Promise<string> => {
    const { tarball } = packed.get(name) as Packed;
    return (await run("tar", ["-xzOf", tarball, `package/${file}`])).stdout;
  };

  beforeAll(async () => {
    const { stdout } = await run("tar", ["-tzf", (packed.get(name) as Packed).tarball]);
    files = stdout
      .trim()
      .split("\n")
      .map((file) => file.replace(/^package\//, ""));
  });

  it("has a README and the licence", async () => {
    expect(await read("README.md")).toMatch(new RegExp(`^# ${name}\n`));
    expect(await read("LICENSE")).toBe(licence);
  });

  it("has what is compiled and its sources, and nothing of the tests", () => {
    expect(files).toEqual(expect.arrayContaining(["dist/index.js", "dist/index.d.ts", "src/index.ts"]));
    expect(files.filter((file) => /\.test(-d)?\.|(^|\/)tests?\//.test(file))).toEqual([]);
    const others = files.filter(
      (file) => !/^(bin|dist|src|templates)\/|^(package\.json|README\.md|LICENSE)$/.test(file),
    );
    // The built admin page is what @roomcast/server has beside that.
    const page = name === "@roomcast/server" ? others.filter((file) => file.startsWith("admin/")) : [];
    expect(others.filter((file) => !page.includes(file))).toEqual([]);
    expect(page.includes("admin/index.html")).toBe(name === "@roomcast/server");
  });

  it("has each file that its manifest names, and the source of each compiled file", async () => {
    const manifest = JSON.parse(await read("package.json")) as Record<string, unknown>;
    const { main, types, bin, exports, typesVersions } = manifest;
    const named = [
      ...JSON.stringify([main, types, bin, exports, typesVersions]).matchAll(/"((?:\.\/)?(?:dist|src|bin)\/[^"]+)"/g),
    ];
    expect(named.length).toBeGreaterThan(4);
    expect(named.map(([, file = ""]) => file.replace(/^\.\//, "")).filter((file) => !files.includes(file))).toEqual([]);
    const sources = files
      .filter((file) => /^dist\/.*\.js$/.test(file))
      .map((file) => file.replace(/^dist\/(.*)\.js$/, "src/$1.ts"));
    expect(sources.filter((file) => !files.includes(file) && !files.includes(`${file}x`))).toEqual([]);
  });

  it("says for provenance where it comes from", async () => {
    const { repository, publishConfig, license } = JSON.parse(await read("package.json")) as Record<string, unknown>;
    expect(repository).toEqual({
      type: "git",
      url: "git+https://github.com/roomcast/roomcast.git",
      directory: expect.stringMatching(/^packages\/\w+$/),
    });
    expect({ publishConfig, license }).toEqual({ publishConfig: { access: "public" }, license: "MIT" });
  });
});

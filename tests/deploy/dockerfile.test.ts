import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { DockerfileParser, type Instruction } from "dockerfile-ast";
import { validate } from "dockerfile-utils";
import { describe, expect, it } from "vitest";
import { Program } from "../cli/program.ts";
import { publicPackages } from "../packed.ts";

const here = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const text = readFileSync(here("Dockerfile"), "utf8");
const instructions = DockerfileParser.parse(text).getInstructions();
const stages = instructions.flatMap((one, at) => (one.getKeyword() === "FROM" ? [at] : []));
const last = instructions.slice(stages.at(-1));
const argumentsOf = (keyword: string, of: readonly Instruction[] = last): readonly string[] =>
  of.filter((one) => one.getKeyword() === keyword).map((one) => one.getArgumentsContent() ?? "");
/** The list of a command in its exec form. */
const exec = (content = ""): readonly string[] => JSON.parse(content.slice(content.indexOf("["))) as readonly string[];
const variables = Object.fromEntries(
  [...(argumentsOf("ENV")[0] ?? "").matchAll(/(\w+)=(\S+)/g)].map(([, name = "", value = ""]) => [name, value]),
);

/** Packages of ours that the command is made of, by their folders. */
function needed(name = "roomcast", found = new Set<string>()): Set<string> {
  const one = publicPackages().get(name);
  if (one === undefined) return found;
  found.add(one.folder.split("/").at(-1) ?? "");
  for (const dependency of Object.keys(one.manifest.dependencies ?? {})) needed(dependency, found);
  return found;
}

describe("the Dockerfile", () => {
  it("passes its linter", () => {
    expect(validate(text).map(({ message }) => message)).toEqual([]);
    expect(validate(text.replace("USER", "USR"))).not.toEqual([]);
  });

  it("has stages of one supported Node, and ends as nobody of importance", () => {
    const images = argumentsOf("FROM", instructions).map((content) => content.split(" ")[0]);
    expect(images).toHaveLength(3);
    expect(new Set(images).size).toBe(1);
    expect(images[0]).toMatch(/^node:(2[0246]|[3-9]\d)-.*slim$/);
    expect(argumentsOf("USER")).toEqual(["node"]);
  });

  it("copies what the command is made of, and only that", () => {
    const folders = [...needed()].toSorted((a, b) => a.localeCompare(b));
    const copied = argumentsOf("COPY").flatMap(
      (content) => /packages\/(\w+)\/dist packages\/\1\/dist$/.exec(content)?.[1] ?? [],
    );
    expect(copied.toSorted((a, b) => a.localeCompare(b))).toEqual(folders);
    for (const folder of folders) expect(existsSync(here(`packages/${folder}/dist`))).toBe(true);
    expect(argumentsOf("COPY")).toContain("/app/packages/server/admin packages/server/admin");
    const removed = argumentsOf("RUN", instructions).find((content) => content.startsWith("rm -rf ")) ?? "";
    const others = [...publicPackages().values()].map(({ folder }) => folder.split("/").at(-1) ?? "");
    for (const folder of others.filter((one) => !folders.includes(one)))
      expect(removed.split(/[\s\\]+/)).toEqual(
        expect.arrayContaining([`packages/${folder}`, `node_modules/@roomcast/${folder}`]),
      );
    for (const folder of folders) expect(removed.split(/[\s\\]+/)).not.toContain(`packages/${folder}`);
    // What it takes from the repository, .dockerignore lets through.
    const through = readFileSync(here(".dockerignore"), "utf8").split("\n");
    const taken = argumentsOf("COPY", instructions)
      .filter((content) => !content.startsWith("/app/"))
      .flatMap((content) => content.split(" ").slice(0, -1));
    for (const path of taken) expect(through).toContain(`!${path}`);
  });

  it(
    "runs the gateway so that it is healthy, hears signals, and refuses to run without a secret",
    { timeout: 30_000 },
    async () => {
      const [entry = "", script = "", ...more] = exec(argumentsOf("ENTRYPOINT")[0]);
      expect([entry, more]).toEqual(["node", []]);
      const command = [script.replace("/app/", here("")), ...exec(argumentsOf("CMD")[0])];
      expect(variables).toEqual({ NODE_ENV: "production", ROOMCAST_HOST: "0.0.0.0", ROOMCAST_PORT: "3000" });
      expect(argumentsOf("EXPOSE")).toEqual(["3000"]);

      const refused = spawnSync(process.execPath, command, {
        encoding: "utf8",
        env: { ...variables, ROOMCAST_PORT: "0" },
      });
      expect(refused.status).toBe(2);
      expect(refused.stderr).toMatch(/^roomcast serve: ROOMCAST_JWT_SECRET is missing; .*\n$/);

      const program = new Program(process.execPath, command, {
        env: { ...variables, ROOMCAST_PORT: "0", ROOMCAST_JWT_SECRET: "a secret that is long enough for HS256" },
      });
      const [, port = ""] = await program.written(/http:\/\/[\w.]+:(\d+)/);
      const healthy = async (): Promise<number> => {
        const [file = "", ...args] = exec(argumentsOf("HEALTHCHECK")[0]);
        const check = spawn(file === "node" ? process.execPath : file, args, {
          env: { ...variables, ROOMCAST_PORT: port },
        });
        const [code] = (await once(check, "exit")) as [number];
        return code;
      };
      expect(await healthy()).toBe(0);
      program.kill("SIGTERM");
      expect(await program.end()).toEqual({ code: 0, signal: null });
      expect(await healthy()).toBe(1);
    },
  );
});

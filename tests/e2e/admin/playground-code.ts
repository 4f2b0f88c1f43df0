import { execFile } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Program } from "../../cli/program.ts";

// Not the kind that waits: the gateway that these talk to is ours.
const execute = promisify(execFile);
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Programs that were copied from the page: compiled as strictly as ours, and run by Node against a gateway. */
export class CopiedPrograms {
  readonly #folder = here("dist/playground");
  readonly #running: Program[] = [];

  constructor() {
    rmSync(this.#folder, { recursive: true, force: true });
    mkdirSync(this.#folder, { recursive: true });
  }

  /** Fails where they do not compile. */
  async compile(programs: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, code] of Object.entries(programs)) writeFileSync(`${this.#folder}/${name}.ts`, code);
    const options = { noEmit: false, incremental: false, allowImportingTsExtensions: false };
    // Packages as those have them who copy the code.
    const compilerOptions = { ...options, outDir: "js", customConditions: [] };
    const config = { extends: "../../../../../tsconfig.test.json", compilerOptions, include: ["*.ts"], exclude: [] };
    writeFileSync(`${this.#folder}/tsconfig.json`, JSON.stringify(config));
    writeFileSync(`${this.#folder}/package.json`, JSON.stringify({ type: "module" }));
    const tsc = here("../../../node_modules/typescript/bin/tsc");
    await execute(process.execPath, [tsc, "-p", this.#folder]);
  }

  run(name: string, env: Readonly<Record<string, string>>): Program {
    const program = new Program(process.execPath, [`${this.#folder}/js/${name}.js`], { env });
    this.#running.push(program);
    return program;
  }

  async end(): Promise<void> {
    for (const { child } of this.#running.splice(0)) child.kill("SIGKILL");
    rmSync(here("dist"), { recursive: true, force: true });
  }
}

/** What calls of curl that were copied from the page answer, in order. */
export async function runShell(code: string, env: Readonly<Record<string, string>>): Promise<unknown[]> {
  const { PATH = "" } = process.env;
  // Answers have no end of line.
  const script = code.replaceAll(/^curl/gm, "echo; curl");
  const { stdout } = await execute("/bin/sh", ["-euc", script], { env: { PATH, ...env } });
  const answers = stdout.split("\n").filter((line) => line !== "");
  return answers.map((line) => JSON.parse(line) as unknown);
}

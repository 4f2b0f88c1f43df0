import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { promisify } from "node:util";
import { Program, run as runRoomcast } from "../../cli/program.ts";
import { installPacked, npmEnvironment } from "../../packed.ts";

export type Framework = "nest" | "express" | "fastify";
export type Client = "react" | "vanilla" | "none";

interface PackageJson {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

const execute = promisify(execFile);
/** What a React application brings itself. */
const APPLICATION = { "react-dom": "^19", "@types/react-dom": "^19" };

/**
 * One installation for all generated projects, of the packages as they would be published: its `roomcast` generates the
 * projects, each of which then sees those packages alone that its own `package.json` names.
 */
export class Workshop {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async open(frameworks: readonly Framework[]): Promise<Workshop> {
    const folder = await mkdtemp(join(tmpdir(), "roomcast-init-"));
    const dependencies: Record<string, string> = { ...APPLICATION };
    for (const framework of frameworks) {
      const sample = join(folder, "samples", framework);
      const args = ["init", "--framework", framework, "--client", "react", "--dir", sample];
      const { code, stderr } = await runRoomcast(args);
      if (code !== 0) throw new Error(`roomcast init ends with ${code}: ${stderr}`);
      const manifest = await readManifest(sample);
      Object.assign(dependencies, manifest.dependencies, manifest.devDependencies);
    }
    const names = Object.keys(dependencies);
    const others = Object.entries(dependencies).filter(([name]) => !name.startsWith("@roomcast/"));
    await installPacked({
      folder,
      packages: ["roomcast", ...names.filter((name) => name.startsWith("@roomcast/"))],
      dependencies: Object.fromEntries(others),
    });
    return new Workshop(folder);
  }

  /** Generates a project in an empty folder, twice, and links the packages that it names. */
  async generate(framework: Framework, client: Client, name = `${framework}-${client}`): Promise<Project> {
    const root = join(this.folder, "projects", name);
    const args = ["init", "--framework", framework, "--client", client, "--dir", root, "--yes"];
    const roomcast = join(this.folder, "node_modules/.bin/roomcast");
    await execute(roomcast, args);
    const { stdout } = await execute(roomcast, args);
    if (!stdout.includes("Nothing to change")) throw new Error(`The second run changes something:\n${stdout}`);
    const manifest = await readManifest(root);
    const more = client === "react" ? Object.keys(APPLICATION) : [];
    await mkdir(join(root, "node_modules"));
    for (const name of [".bin", ...Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }), ...more]) {
      const link = join(root, "node_modules", name);
      await mkdir(dirname(link), { recursive: true });
      await symlink(join(this.folder, "node_modules", name), link);
    }
    return new Project(root);
  }

  async close(): Promise<void> {
    await rm(this.folder, { recursive: true });
  }
}

/** A generated project whose packages are installed. */
export class Project {
  readonly root: string;
  constructor(root: string) {
    this.root = root;
  }

  /** Runs a script of its `package.json` to its end; rejects with what was printed where it fails. */
  async npmRun(script: string): Promise<void> {
    const env = npmEnvironment();
    await execute("npm", ["run", "--silent", script], { cwd: this.root, env }).catch((error: { stdout: string }) => {
      throw new Error(`npm run ${script} fails:\n${error.stdout}`, { cause: error });
    });
  }

  /** What its tokens are signed with, as `.env` says. */
  async secret(): Promise<string> {
    const text = await readFile(join(this.root, ".env"), "utf8");
    const [, secret] = /^JWT_SECRET=(\w{64})$/m.exec(text) ?? [];
    if (secret === undefined) throw new Error(".env has no secret");
    return secret;
  }

  /** Starts a script of its `package.json`, once it has printed `pattern`. */
  async start(script: string, env: Readonly<Record<string, string>>, pattern: RegExp): Promise<Program> {
    const program = new Program("npm", ["run", "--silent", script], { cwd: this.root, env, group: true });
    await program.written(pattern);
    return program;
  }

  async write(path: string, text: string): Promise<void> {
    await writeFile(join(this.root, path), text);
  }

  /** All of its files' paths, but for packages. */
  async files(): Promise<readonly string[]> {
    const entries = await readdir(this.root, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile() && !entry.parentPath.includes("node_modules"))
      .map((entry) => relative(this.root, join(entry.parentPath, entry.name)))
      .toSorted();
  }
}

async function readManifest(root: string): Promise<PackageJson> {
  return JSON.parse(await readFile(join(root, "package.json"), "utf8")) as PackageJson;
}

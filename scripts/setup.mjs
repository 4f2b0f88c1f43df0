// What the other scripts share. Everything here runs before anything is installed: Node's own modules only.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

const OLDEST_NODE = [20, 19];

/** Ends the process with one line when this Node is too old to run the project. */
export function requireNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return;
  console.error(`Roomcast needs Node ${OLDEST_NODE.join(".")} or later; this is ${process.versions.node}.`);
  process.exit(1);
}

/** Installs what the lockfile says, unless it is there. */
export function install() {
  if (isInstalled()) return;
  step("Installing the dependencies (only this time; may take a minute)", () => {
    // Development dependencies are needed to build, also where NODE_ENV says production.
    const args = ["ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"];
    // Under `npm start` this is the npm that runs us.
    const npm = process.env.npm_execpath;
    return npm?.endsWith(".js")
      ? spawnSync(process.execPath, [npm, ...args], { cwd: root, stdio: ["ignore", 2, 2] })
      : spawnSync("npm", args, { cwd: root, stdio: ["ignore", 2, 2], shell: process.platform === "win32" });
  });
}

/**
 * Compares what npm recorded in node_modules with the lockfile, entry by entry: their times say nothing after a checkout.
 */
function isInstalled() {
  const installedPath = join(root, "node_modules/.package-lock.json");
  if (!existsSync(installedPath)) return false;
  const wanted = readPackages(join(root, "package-lock.json"));
  const installed = readPackages(installedPath);
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === "") return true;
    const found = installed[path];
    if (found === undefined) return entry.optional === true || entry.devOptional === true;
    return found.version === entry.version && found.integrity === entry.integrity;
  });
}

function readPackages(path) {
  return JSON.parse(readFileSync(path, "utf8")).packages ?? {};
}

/** Programs that tests start: what Debian calls their packages, how they tell their version, and the oldest that will do. */
const PROGRAMS = {
  "redis-server": { packageName: "redis-server", flag: "--version", version: /\bv=(\d+)\./, oldest: 7 },
  nginx: { packageName: "nginx", flag: "-v", version: /\bnginx\/(\d+)\./, oldest: 1 },
  chromium: { packageName: "chromium", flag: "--version", version: /\bChromium (\d+)\./, oldest: 100 },
};

/**
 * Sees to it that these programs are there, which tests start on ports of their own: installs Debian's packages where that
 * can be done without asking, else ends the process with what is to be installed.
 */
export function requirePrograms(...names) {
  const missing = names.filter((name) => majorOf(name) === undefined);
  if (missing.length > 0 && process.getuid?.() === 0)
    installPackages(missing.map((name) => PROGRAMS[name].packageName));
  const lacking = names.filter((name) => !(majorOf(name) >= PROGRAMS[name].oldest));
  if (lacking.length === 0) return;
  for (const name of lacking) {
    const found = majorOf(name);
    const what = found === undefined ? "none is there" : `the one that is there is ${found}`;
    console.error(`The tests need ${name} ${PROGRAMS[name].oldest} or later; ${what}.`);
  }
  const packages = lacking.map((name) => PROGRAMS[name].packageName).join(" ");
  console.error(`On Debian and Ubuntu:\n  sudo apt-get install ${packages}`);
  process.exit(1);
}

/** The major version of a program, if it is there. */
function majorOf(name) {
  const { flag, version } = PROGRAMS[name];
  const { stdout, stderr } = spawnSync(name, [flag], { encoding: "utf8", env: withSystemPrograms(process.env) });
  const found = version.exec(`${stdout ?? ""}${stderr ?? ""}`);
  return found === null ? undefined : Number(found[1]);
}

/** The PATH of a user who is not root lacks Debian's folder of servers. */
function withSystemPrograms(env) {
  return { ...env, PATH: `${env.PATH ?? ""}:/usr/sbin` };
}

function installPackages(packages) {
  const options = { stdio: ["ignore", 2, 2], env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } };
  const apt = (...args) => spawnSync("apt-get", ["-qq", ...args], options).status === 0;
  const install = () => apt("install", "-y", "--no-install-recommends", ...packages);
  if (spawnSync("apt-get", ["--version"]).error !== undefined) return;
  console.error(`Installing ${packages.join(", ")} from Debian's packages (only this time) …`);
  // Fresh images have no lists of packages, or old ones.
  if (!install() && apt("update")) install();
}

/** Brings the output of `project` (and of what it refers to) up to date; the compiler knows what that takes. */
export function build(project) {
  const everBuilt = existsSync(join(root, "packages/cli/dist"));
  const compile = () =>
    spawnSync(process.execPath, [bin("typescript", "tsc"), "-b", project], { cwd: root, stdio: ["ignore", 2, 2] });
  if (everBuilt) finish("Building", compile());
  else step("Building", compile);
}

/** The file behind the command `name` of an installed package. */
export function bin(packageName, name = packageName) {
  const folder = join(root, "node_modules", packageName);
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return join(folder, typeof manifest.bin === "string" ? manifest.bin : manifest.bin[name]);
}

/** Runs a command to its end with our terminal, and gives its exit code. */
export function run(file, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [file, ...args], { cwd: root, stdio: "inherit", ...options });
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve(signal === null ? code : 1));
  });
}

function step(title, action) {
  console.error(`${title} …`);
  const startedAt = Date.now();
  finish(title, action());
  console.error(`${title.replace(/ \(.*/, "")}: done in ${Math.round((Date.now() - startedAt) / 100) / 10} s`);
}

function finish(title, result) {
  if (result.error) console.error(result.error.message);
  if (result.status === 0) return;
  console.error(`${title.replace(/ \(.*/, "")} failed.`);
  process.exit(1);
}

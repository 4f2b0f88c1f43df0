import { readFileSync } from "node:fs";
import { posix } from "node:path";
import type { Answers } from "./answers.ts";
import type { TypeScriptSettings } from "./typescript-settings.ts";

/** A file that is to be there, by its path in the project. */
export interface Generated {
  readonly path: string;
  readonly text: string;
}

export interface Extensions {
  readonly api: TypeScriptSettings["extension"];
  readonly web: TypeScriptSettings["extension"];
}

export interface Folders {
  readonly apiDir: string;
  readonly webDir: string;
}

/** A file of the folder `templates`, as it is. */
export function readTemplate(name: string): string {
  return readFileSync(new URL(`../../templates/${name}`, import.meta.url), "utf8");
}

/** The files of every project, which are compared with what is there. */
export function generatedFiles({ framework, client }: Answers, folders: Folders, extensions: Extensions): Generated[] {
  const { apiDir, webDir } = folders;
  const api = (name: string): Generated =>
    source(`${framework}/websockets/${name}`, posix.join(apiDir, "src/websockets", name), extensions.api);
  const web = (name: string): Generated => source(`web/${name}`, posix.join(webDir, "src", name), extensions.web);
  return [
    ...(framework === "nest" ? [api("events.gateway.ts"), api("websockets.module.ts")] : [api("socket.ts")]),
    ...(client === "none" ? [] : [web("lib/socket.ts")]),
    ...(client === "react" ? [web("hooks/use-notifications.ts")] : []),
  ];
}

/** What a project that is yet to be made needs besides, to be compiled and started. */
export function newProjectFiles({ framework, client }: Answers, folders: Folders, extensions: Extensions): Generated[] {
  const { apiDir, webDir } = folders;
  const names = framework === "nest" ? ["app.module.ts", "main.ts"] : ["main.ts"];
  const tsconfig = readTemplate(`project/tsconfig.${framework === "nest" ? "nest" : "api"}.json`);
  return [
    { path: posix.join(apiDir, "tsconfig.json"), text: tsconfig },
    ...names.map((name) => source(`${framework}/${name}`, posix.join(apiDir, "src", name), extensions.api)),
    ...(client === "none"
      ? []
      : [{ path: posix.join(webDir, "tsconfig.json"), text: readTemplate("project/tsconfig.web.json") }]),
  ];
}

/** A template of TypeScript, whose relative imports end in `.ts`, with the ends that the project's have. */
function source(name: string, path: string, extension: TypeScriptSettings["extension"]): Generated {
  const text = readTemplate(name).replaceAll(/(?<=from "\.{1,2}\/[^"\n]*)\.ts(?=")/g, extension);
  return { path, text };
}

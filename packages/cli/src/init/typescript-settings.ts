import { findTsconfig, parseTsconfig } from "get-tsconfig";
import { relative } from "node:path";
import type { Framework } from "./answers.ts";

/** What the `tsconfig.json` of a folder means for files that are put there. */
export interface TypeScriptSettings {
  /** How relative imports end: in `.js`, in `.ts`, or in nothing. */
  readonly extension: ".js" | ".ts" | "";
  /** What has to be changed there before the files compile. */
  readonly notes: readonly string[];
}

const NODE_RESOLUTION = /^node(?:16|18|20|next)$/;

/** The settings that hold in `folder`, by a `tsconfig.json` there or above it, up to the project's folder. */
export function readTypeScriptSettings(options: {
  readonly root: string;
  readonly folder: string;
  /** Whether the package's files are ES modules. */
  readonly esm: boolean;
  /** The framework of an API. */
  readonly framework?: Framework;
}): TypeScriptSettings {
  const { root, folder, esm, framework } = options;
  const found = findTsconfig(folder);
  const name = found === undefined ? undefined : relative(root, found);
  if (found === undefined || name === undefined || name.startsWith("..")) {
    return { extension: esm && framework !== undefined ? ".js" : "", notes: [] };
  }
  let settings: NonNullable<ReturnType<typeof parseTsconfig>["compilerOptions"]>;
  try {
    settings = parseTsconfig(found).compilerOptions ?? {};
  } catch {
    return { extension: "", notes: [`${name} cannot be read: relative imports may have to end in .js`] };
  }
  const module = settings.module?.toLowerCase() ?? "";
  const resolution = settings.moduleResolution?.toLowerCase() ?? "";
  const byNode = NODE_RESOLUTION.test(resolution === "" ? module : resolution);
  const notes: string[] = [];
  if (/^(?:node|node10|classic)$/.test(resolution) || (resolution === "" && /^(?:commonjs|amd|umd)$/.test(module))) {
    notes.push(`${name}: with "module": "nodenext", TypeScript finds what packages export; as it is, it may not`);
  }
  if (framework === "nest" && settings.experimentalDecorators !== true) {
    notes.push(`${name}: NestJS needs "experimentalDecorators" and "emitDecoratorMetadata"`);
  }
  const typed = settings.allowImportingTsExtensions === true || settings.rewriteRelativeImportExtensions === true;
  return { extension: typed ? ".ts" : byNode ? ".js" : "", notes };
}

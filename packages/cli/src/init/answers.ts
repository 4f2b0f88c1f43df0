import { UsageError, type Arguments } from "../command.ts";

export const FRAMEWORKS = ["nest", "express", "fastify"] as const;
export const CLIENTS = ["react", "vanilla", "none"] as const;

export type Framework = (typeof FRAMEWORKS)[number];
export type Client = (typeof CLIENTS)[number];

/** What decides which files there are to be. */
export interface Answers {
  readonly framework: Framework;
  readonly client: Client;
}

export const FRAMEWORK_NAMES: Readonly<Record<Framework, string>> = {
  nest: "NestJS",
  express: "Express",
  fastify: "Fastify",
};
export const CLIENT_NAMES: Readonly<Record<Client, string>> = {
  react: "React",
  vanilla: "TypeScript without a framework",
  none: "None",
};

/** A folder below the project's, in parts that every shell and every `tsconfig.json` takes as they are. */
const FOLDER = /^(?:\.|(?!\.{1,2}(?:\/|$))[\w.@-]+(?:\/(?!\.{1,2}(?:\/|$))[\w.@-]+)*)$/;

/** One of the values that a flag may have; undefined where it was not given. Throws `UsageError` for another. */
export function choice<Value extends string>(
  args: Arguments,
  flag: string,
  values: readonly Value[],
): Value | undefined {
  const given = args.text(flag);
  if (given === undefined) return undefined;
  const found = values.find((value) => value === given);
  if (found === undefined) {
    throw new UsageError(`--${flag} is ${JSON.stringify(given)}; it may be ${values.join(", ")}`);
  }
  return found;
}

/** A folder of the project, as `apps/api`; `.` is the project's own. Throws `UsageError` for one that is outside. */
export function folder(args: Arguments, flag: string, usual: string): string {
  const given = (args.text(flag) ?? usual).replace(/^\.\/(?=.)/, "").replace(/(?<=.)\/$/, "");
  if (!FOLDER.test(given)) {
    throw new UsageError(`--${flag} is ${JSON.stringify(given)}; it may be a folder in the project, such as ${usual}`);
  }
  return given;
}

import { parseArgs, type ParseArgsConfig } from "node:util";

/** A mistake of whoever typed the command: it ends with exit code 2 and this one line. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** A failure that is expected to happen, such as a port in use: exit code 1 and this one line, without a stack. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}

export interface Flag {
  /** How the help calls the value; a flag without one is on or off. */
  readonly value?: string;
  /** Whether it may be given more than once. */
  readonly multiple?: boolean;
  readonly help: string;
}

export interface Arguments {
  /** The last value given. */
  text(flag: string): string | undefined;
  /** All the values given, of a flag that may be repeated. */
  list(flag: string): readonly string[];
  given(flag: string): boolean;
  readonly positionals: readonly string[];
}

export interface Command {
  readonly name: string;
  readonly summary: string;
  /** What follows the name, for the help: `<channel>`. */
  readonly positionals?: readonly string[];
  readonly flags: Readonly<Record<string, Flag>>;
  /** Paragraphs below the flags. */
  readonly notes?: readonly string[];
  /** Does the work and gives the exit code. Throws `UsageError` and `CommandError`. */
  run(args: Arguments): Promise<number>;
}

const HELP: Flag = { help: "Show this" };
const VERSION: Flag = { help: "Show the version" };

/** The flags that every command takes. */
export const COMMON_FLAGS: Readonly<Record<string, Flag>> = { help: HELP, version: VERSION };

/** Reads `argv` by the flags of `command`. Throws `UsageError`. */
export function readArguments(command: Command, argv: readonly string[]): Arguments {
  const flags = { ...command.flags, ...COMMON_FLAGS };
  const options: Record<string, NonNullable<ParseArgsConfig["options"]>[string]> = {};
  for (const [name, flag] of Object.entries(flags)) {
    options[name] = { type: flag.value === undefined ? "boolean" : "string", multiple: flag.multiple ?? false };
  }
  options["help"] = { type: "boolean", short: "h" };
  const { values, positionals } = parse(() => parseArgs({ args: [...argv], options, allowPositionals: true }));
  const most = command.positionals?.length ?? 0;
  if (positionals.length > most) throw new UsageError(`unexpected argument "${positionals[most] ?? ""}"`);
  return {
    text(flag) {
      const value = values[flag];
      return typeof value === "string" ? value : undefined;
    },
    list(flag) {
      const value = values[flag];
      return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
    },
    given: (flag) => values[flag] !== undefined,
    positionals,
  };
}

function parse<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    // Node's own texts are good; what follows their first sentence is about its API.
    const [first = ""] = (error instanceof Error ? error.message : String(error)).split(/\.\s|\n/);
    throw new UsageError(first.charAt(0).toLowerCase() + first.slice(1).replace(/\.$/, ""));
  }
}

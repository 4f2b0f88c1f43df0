import process from "node:process";
import { ConfigError } from "@roomcast/server";
import { asyncapi } from "./asyncapi.ts";
import { CommandError, readArguments, UsageError, type Command } from "./command.ts";
import { helpOf, overview } from "./help.ts";
import { init } from "./init.ts";
import { listen } from "./listen.ts";
import { serve } from "./serve.ts";
import { token } from "./token.ts";
import { version } from "./version.ts";

const COMMANDS: readonly Command[] = [serve, token, listen, asyncapi, init];

/**
 * Runs the command line `argv` (without node and the script) and gives the exit code: 0 done, 1 failed, 2 not understood.
 */
export async function main(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === "help" || name === "--help" || name === "-h") {
    process.stdout.write(overview(COMMANDS));
    return 0;
  }
  if (name === "--version") return printVersion();
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (command === undefined) {
    const kind = name.startsWith("-") ? "flag" : "command";
    return complain("roomcast", `unknown ${kind} ${name}; roomcast --help shows what there is`, 2);
  }
  try {
    const args = readArguments(command, rest);
    if (args.given("help")) {
      process.stdout.write(helpOf(command));
      return 0;
    }
    if (args.given("version")) return printVersion();
    return await command.run(args);
  } catch (error) {
    const who = `roomcast ${command.name}`;
    if (error instanceof UsageError) return complain(who, `${error.message}; ${who} --help shows the flags`, 2);
    if (error instanceof ConfigError) return complain(who, error.message, 2);
    if (error instanceof CommandError) return complain(who, error.message, 1);
    throw error;
  }
}

function printVersion(): number {
  process.stdout.write(`${version()}\n`);
  return 0;
}

function complain(who: string, message: string, code: number): number {
  process.stderr.write(`${who}: ${message}\n`);
  return code;
}

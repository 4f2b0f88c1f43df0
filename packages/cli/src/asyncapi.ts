import { writeFile } from "node:fs/promises";
import process from "node:process";
import { asyncApiDocument } from "@roomcast/server";
import { stringify } from "yaml";
import { CommandError, UsageError, type Arguments, type Command } from "./command.ts";
import { readConfig } from "./config.ts";

const FORMATS: readonly string[] = ["json", "yaml"];
const PROTOCOLS = /^(https?|wss?):$/;

export const asyncapi: Command = {
  name: "asyncapi",
  summary: "Print the AsyncAPI document of the channels whose events are known",
  flags: {
    config: { value: "<file>", help: "Where the configuration is (roomcast.config.mjs, if there)" },
    output: { value: "<file>", help: "Write it there instead of printing it" },
    format: { value: "<format>", help: "json or yaml; what the name of the output file says, else json" },
    server: {
      value: "<url>",
      help: "Where the gateway is, such as https://realtime.example.com; left out unless given",
    },
  },
  notes: [
    "It tells patterns, events and their schemas, as channels of the configuration file has them, and no rights.",
  ],
  run,
};

async function run(args: Arguments): Promise<number> {
  const output = args.text("output");
  const format = args.text("format") ?? (output !== undefined && /\.ya?ml$/i.test(output) ? "yaml" : "json");
  if (!FORMATS.includes(format)) throw wrong("format", format, FORMATS.join(" or "));
  const server = args.text("server");
  if (server !== undefined && !isOrigin(server)) throw wrong("server", server, "an address of http, https, ws or wss");
  const config = await readConfig({ config: args.text("config") });
  if (config.file === undefined) {
    throw new UsageError("there is no roomcast.config.mjs here: --config says where the configuration is");
  }
  const document = await asyncApiDocument({
    rules: config.channels,
    ...(server === undefined ? undefined : { server }),
  });
  const text = format === "yaml" ? stringify(document) : `${JSON.stringify(document, undefined, 2)}\n`;
  if (output === undefined) process.stdout.write(text);
  else await write(output, text);
  return 0;
}

async function write(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text);
  } catch (cause) {
    const reason = cause instanceof Error && "code" in cause ? String(cause.code) : "it fails";
    throw new CommandError(`${path} cannot be written (${reason})`, { cause });
  }
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && PROTOCOLS.test(new URL(text).protocol);
}

function wrong(flag: string, value: string, expected: string): UsageError {
  return new UsageError(`--${flag} is ${JSON.stringify(value)}; it may be ${expected}`);
}

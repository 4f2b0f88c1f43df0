import process from "node:process";
import { styleText } from "node:util";

export interface BannerOptions {
  readonly version: string;
  /** Where the server listens, as in `http://127.0.0.1:3000`. */
  readonly url: string;
  readonly broker: string;
  readonly config: string | undefined;
  /** Tokens to try it with, where they may be shown. */
  readonly tokens: { readonly client: string; readonly service: string } | undefined;
  readonly colours: boolean;
}

/**
 * What a development start prints: an address, and two commands to paste. The commands stand outside the box, each on a
 * line of its own, so that a terminal copies them whole.
 */
export function banner(options: BannerOptions): string {
  const paint = (format: "bold" | "dim" | "cyan", text: string): string =>
    options.colours ? styleText(format, text, { validateStream: false }) : text;
  const rows: ReadonlyArray<readonly [string, string]> = [
    ["Address", options.url],
    ["Broker", options.broker],
    ["Config", options.config ?? "none (roomcast.config.mjs is looked for)"],
    ["REST", `${options.url}/openapi.json`],
  ];
  const lines = [`Roomcast ${options.version}`, "", ...rows.map(([label, value]) => `${label.padEnd(9)}${value}`)];
  const width = Math.max(...lines.map((line) => line.length));
  const side = paint("dim", "│");
  const box = [
    paint("dim", `╭${"─".repeat(width + 4)}╮`),
    ...lines.map(
      (line, row) => `${side}  ${row === 0 ? paint("bold", line.padEnd(width)) : line.padEnd(width)}  ${side}`,
    ),
    paint("dim", `╰${"─".repeat(width + 4)}╯`),
  ];
  const { listen, publish } = commands(options);
  return [
    "",
    ...box,
    "",
    "To try it, open a second terminal in this directory and paste:",
    "",
    paint("dim", `# 1. Listen to the channel "demo" ${explain(options, "client", "as the user alice")}`),
    paint("cyan", listen),
    "",
    paint("dim", `# 2. Publish to it by REST ${explain(options, "service", "as a back end")}`),
    paint("cyan", publish),
    "",
    "Ctrl-C stops the server.",
    "",
  ].join("\n");
}

function explain(options: BannerOptions, kind: string, who: string): string {
  return options.tokens === undefined
    ? `${who} (with the ROOMCAST_JWT_SECRET of the server in the environment)`
    : `${who}, with a ${kind} token for an hour`;
}

function commands({ url, tokens }: BannerOptions): { readonly listen: string; readonly publish: string } {
  const client = tokens?.client ?? '"$(npx roomcast token --sub alice)"';
  const service = tokens?.service ?? "$(npx roomcast token --sub backend --role service)";
  return {
    listen: `npx roomcast listen demo --last 1 --url ${url} --token ${client} &`,
    publish: [
      `curl -X POST ${url}/api/socket/broadcast`,
      `-H "Authorization: Bearer ${service}"`,
      '-H "Content-Type: application/json"',
      `-d '{"channel":"demo","event":"message","data":{"text":"Hello"}}'`,
    ].join(" "),
  };
}

/** Whether standard output takes colours: a terminal, unless `NO_COLOR` (https://no-color.org) is set to something. */
export function takesColours(): boolean {
  return process.stdout.isTTY && (process.env["NO_COLOR"] ?? "") === "";
}

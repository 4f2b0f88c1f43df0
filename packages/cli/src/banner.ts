import process from "node:process";
import { styleText } from "node:util";

/**
 * Where the tokens of the commands come from: here they are; from whoever knows the server's secret; from another issuer;
 * or from nowhere, because nobody knows the random secret.
 */
export type TryWith =
  | { readonly client: string; readonly service: string; readonly operator: string }
  | "secret"
  | "own tokens"
  | "nothing";

export interface BannerOptions {
  readonly version: string;
  /** Where the server listens, as in `http://127.0.0.1:3000`. */
  readonly url: string;
  readonly broker: string;
  readonly config: string | undefined;
  /** The path of the admin page, where there is one. */
  readonly admin: string | undefined;
  readonly tryWith: TryWith;
  readonly colours: boolean;
}

/**
 * What a development start prints: addresses, two commands to paste, and how to sign in to the admin page. What is to be
 * copied stands outside the box, each on a line of its own, so that a terminal copies it whole.
 */
export function banner(options: BannerOptions): string {
  const paint = (format: "bold" | "dim" | "cyan", text: string): string =>
    options.colours ? styleText(format, text, { validateStream: false }) : text;
  const rows: ReadonlyArray<readonly [string, string]> = [
    ["Address", options.url],
    ["Broker", options.broker],
    ["Config", options.config ?? "none; roomcast.config.mjs is read if it is there"],
    ["REST", `${options.url}/openapi.json`],
    ...(options.admin === undefined ? [] : ([["Admin", `${options.url}${options.admin}`]] as const)),
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
  const { needs, client, service, operator } = describe(options.tryWith);
  const listen = `npx roomcast listen demo --last 1 --url ${options.url} --token ${client} &`;
  const publish = [
    `curl -sS -w "\\n" -X POST ${options.url}/api/socket/broadcast`,
    `-H "Authorization: Bearer ${service}"`,
    '-H "Content-Type: application/json"',
    `-d '{"channel":"demo","event":"message","data":{"text":"Hello"}}'`,
  ].join(" ");
  return [
    "",
    ...box,
    "",
    "To try it, open a second terminal in this directory and paste:",
    ...needs,
    "",
    paint("dim", '# 1. Listen to the channel "demo", with the client token of the user alice'),
    paint("cyan", listen),
    "",
    paint("dim", "# 2. Publish to it by REST, with the service token of a back end"),
    paint("cyan", publish),
    "",
    ...(options.admin === undefined
      ? []
      : [
          paint("dim", `# 3. See it: open ${options.url}${options.admin} and sign in with a token of an operator`),
          paint("cyan", operator),
          "",
        ]),
    "Ctrl-C stops the server.",
    "",
  ].join("\n");
}

interface Tokens {
  readonly needs: readonly string[];
  readonly client: string;
  readonly service: string;
  readonly operator: string;
}

/** How the commands write their tokens, and what they need beforehand. */
function describe(tryWith: TryWith): Tokens {
  switch (tryWith) {
    case "secret":
      return {
        needs: ["(They make their tokens with the server's secret, ROOMCAST_JWT_SECRET or the configuration file.)"],
        client: '"$(npx roomcast token --sub alice)"',
        service: "$(npx roomcast token --sub backend --role service)",
        operator: "npx roomcast token --sub me --role operator",
      };
    case "own tokens":
      return { needs: ["(CLIENT_TOKEN, SERVICE_TOKEN and OPERATOR_TOKEN are tokens of your issuer.)"], ...variables };
    case "nothing":
      return {
        needs: [
          "(The secret is random, and its tokens are shown only to a terminal, on a loopback host. Set ROOMCAST_JWT_SECRET,",
          "and make CLIENT_TOKEN, SERVICE_TOKEN and OPERATOR_TOKEN with: npx roomcast token --help)",
        ],
        ...variables,
      };
    default:
      return { needs: [], ...tryWith };
  }
}

const variables = { client: '"$CLIENT_TOKEN"', service: "$SERVICE_TOKEN", operator: 'echo "$OPERATOR_TOKEN"' };

/** Whether standard output takes colours: a terminal, unless `NO_COLOR` (https://no-color.org) is set to something. */
export function takesColours(): boolean {
  return process.stdout.isTTY && (process.env["NO_COLOR"] ?? "") === "";
}

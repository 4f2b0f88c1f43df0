import { COMMON_FLAGS, type Command, type Flag } from "./command.ts";

export function helpOf(command: Command): string {
  const positionals = (command.positionals ?? []).map((name) => ` ${name}`).join("");
  const sections = [
    `${command.summary}\n\nUsage: roomcast ${command.name}${positionals} [flags]`,
    `Flags:\n${table(Object.entries({ ...command.flags, ...COMMON_FLAGS }).map(([name, flag]) => [spell(name, flag), flag.help]))}`,
    ...(command.notes ?? []),
  ];
  return `${sections.join("\n\n")}\n`;
}

export function overview(commands: readonly Command[]): string {
  return `Roomcast: a real-time gateway on the Socket.IO protocol

Usage: roomcast <command> [flags]

Commands:
${table(commands.map((command) => [command.name, command.summary]))}

Flags:
${table(Object.entries(COMMON_FLAGS).map(([name, flag]) => [spell(name, flag), flag.help]))}

roomcast <command> --help shows the flags of a command.
`;
}

function spell(name: string, flag: Flag): string {
  return flag.value === undefined ? `--${name}` : `--${name} ${flag.value}`;
}

function table(rows: ReadonlyArray<readonly [string, string]>): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join("\n");
}

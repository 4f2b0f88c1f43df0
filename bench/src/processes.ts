import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export function start(file: string, args: readonly string[], execArgv: readonly string[] = []): ChildProcess {
  return fork(fileURLToPath(new URL(file, import.meta.url)), [...args], { execArgv: [...execArgv] });
}

export async function hear<Message extends { kind: string }, Kind extends Message["kind"]>(
  child: ChildProcess,
  kind: Kind,
): Promise<Extract<Message, { kind: Kind }>> {
  for (;;) {
    const [message] = (await once(child, "message")) as [Message];
    if (message.kind === kind) return message as Extract<Message, { kind: Kind }>;
  }
}

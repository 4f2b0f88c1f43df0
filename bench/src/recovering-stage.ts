import type { KindName } from "./client-kinds.ts";
import type { Contender } from "./contest.ts";
import type { ServerActor, Stage } from "./stage.ts";

export interface RecoveringContender extends Contender {
  readonly name: KindName;
}

export const ROOMCAST: RecoveringContender = { name: "roomcast", title: "Roomcast" };
export const PLAIN: RecoveringContender = { name: "plain", title: "plain Socket.IO" };
export const RECOVERY: RecoveringContender = { name: "recovery", title: "Socket.IO with state recovery" };

/** Starts the server of a contender. `historyFile` is Roomcast's alone. */
export async function recoveringServer(
  stage: Stage,
  name: KindName,
  { port = 0, historyFile }: { port?: number; historyFile?: string } = {},
): Promise<ServerActor> {
  if (name !== "roomcast") return await stage.server("recovering-plain", [port, name]);
  return await stage.server("recovering-roomcast", [port, ...(historyFile === undefined ? [] : [historyFile])]);
}

/** What is lost or comes twice fails the run where that was promised. */
export function mustHaveAll(title: string, { missing, duplicates }: { missing: number; duplicates: number }): void {
  if (missing > 0) throw new Error(`${title} lost ${missing} events`);
  if (duplicates > 0) throw new Error(`${title} gave ${duplicates} events twice`);
}

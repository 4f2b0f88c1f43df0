import type { Session } from "../../api/types.ts";
import { COMMANDS, type CommandTemplate } from "./command-templates.ts";

export type DialectName = keyof Session["capabilities"]["dialects"];

/** One language of the gateway, as a client of it needs to know it. */
export interface Dialect {
  readonly name: DialectName;
  readonly path: string;
  readonly namespace: string;
  /** Where it logs in: with a token in the handshake, with one in a command, or with the browser's cookies. */
  readonly login: "handshake" | "command" | "cookies";
  /** The event that says that commands are taken; undefined where the connection itself does. */
  readonly ready: string | undefined;
  readonly commands: readonly CommandTemplate[];
  /** Events that answer a command that was sent without an acknowledgement, the good one first. */
  readonly answers: Readonly<Record<string, readonly string[]>>;
}

/** The languages that a gateway speaks. */
export function dialectsOf({ socketPath, dialects }: Session["capabilities"]): Dialect[] {
  const spoken: Dialect[] = [];
  const common = { path: socketPath, namespace: "/", answers: {} };
  if (dialects.native)
    spoken.push({ ...common, name: "native", login: "handshake", ready: "session", commands: COMMANDS.native });
  if (dialects.twake) {
    spoken.push({
      ...common,
      name: "twake",
      path: "/socket/",
      login: "command",
      ready: "authenticated",
      commands: COMMANDS.twake,
      answers: {
        authenticate: ["authenticated", "unauthorized"],
        "realtime:join": ["realtime:join:success", "realtime:join:error"],
        "realtime:leave": ["realtime:leave:success", "realtime:leave:error"],
      },
    });
  }
  if (dialects.plazer !== false) {
    const { namespace } = dialects.plazer;
    spoken.push({
      ...common,
      name: "plazer",
      namespace,
      login: "handshake",
      ready: undefined,
      commands: COMMANDS.plazer,
    });
  }
  if (dialects.steedos) {
    spoken.push({
      ...common,
      name: "steedos",
      login: "cookies",
      ready: "connection-init",
      commands: COMMANDS.steedos,
      answers: { ping: ["pong"] },
    });
  }
  return spoken;
}

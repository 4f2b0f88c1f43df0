/** What templates are filled with. */
export interface TemplateContext {
  /** The channel that is played in. */
  readonly channel: string;
  /** Of the connection; empty where it has none. */
  readonly userId: string;
}

/** A command to begin with. */
export interface CommandTemplate {
  /** Unlike those of the dialect's other templates. */
  readonly key: string;
  readonly event: string;
  /** Its one argument; undefined for none. */
  readonly argument: (context: TemplateContext) => unknown;
  /** Whether the dialect's clients usually ask for an acknowledgement. */
  readonly acknowledged: boolean;
}

/** The commands of every dialect, each at least once. */
export const COMMANDS: Readonly<Record<"native" | "twake" | "plazer" | "steedos", readonly CommandTemplate[]>> = {
  native: [
    asked("subscribe", ({ channel }) => ({ topic: channel })),
    asked("subscribe", ({ channel }) => ({ topic: channel, filter: { status: ["new", "open"] } }), "filter"),
    asked("subscribe", ({ channel }) => ({ topic: channel, token: "$roomToken" }), "room token"),
    asked("join", ({ channel }) => ({ channel, state: { status: "online" } })),
    asked("publish", ({ channel }) => ({ channel, event: "message", data: { text: "Hello" } })),
    asked("direct", ({ userId }) => ({ to: { userId }, event: "message", data: { text: "Only for you" } })),
    asked("members", ({ channel }) => ({ channel })),
    asked("state", ({ channel }) => ({ channel, state: { status: "away" } })),
    asked("history", ({ channel }) => ({ channel, limit: 20 })),
    asked("refresh", () => ({ token: "$newToken" })),
    asked("leave", ({ channel }) => ({ channel })),
    asked("unsubscribe", () => ({ subscriptionId: "$subscription" })),
  ],
  twake: [
    told("realtime:join", ({ channel }) => ({ name: channel, token: "$roomToken" })),
    told("realtime:event", ({ channel }) => ({ name: channel, data: { text: "Hello" }, token: "$roomToken" })),
    told("realtime:leave", ({ channel }) => ({ name: channel })),
    asked("online:get", ({ userId }) => ({ data: [userId] })),
    asked("online:set", () => undefined),
    told("authenticate", () => ({ token: "$newToken" })),
  ],
  plazer: [
    asked("join", ({ channel }) => ({ room: channel })),
    asked("message", ({ channel }) => ({ room: channel, data: { text: "Hello" } })),
    asked("leave", ({ channel }) => ({ room: channel })),
  ],
  steedos: [
    asked("subscribe", ({ channel }) => ({ roomParts: [channel], individual: false })),
    asked("subscribe", () => ({ roomParts: "notification-change", individual: true }), "individual"),
    asked("unsubscribe", ({ channel }) => ({ roomParts: [channel], individual: false })),
    told("ping", () => new Date().toISOString()),
  ],
};

function asked(event: string, argument: CommandTemplate["argument"], variant?: string): CommandTemplate {
  return { key: variant === undefined ? event : `${event} (${variant})`, event, argument, acknowledged: true };
}

function told(event: string, argument: CommandTemplate["argument"]): CommandTemplate {
  return { ...asked(event, argument), acknowledged: false };
}

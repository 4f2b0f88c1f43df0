import { Inputs, type CodeSubject } from "./code.ts";
import type { Command } from "./connection.ts";
import { quote, toLiteral } from "./literal.ts";

/** A program in TypeScript that does with @roomcast/client what was done here in the native dialect. */
export function clientCode({ dialect, origin, withToken, commands }: CodeSubject): string {
  const inputs = new Inputs();
  const path = dialect.path === "/socket.io/" ? "" : `, path: ${quote(dialect.path)}`;
  const token = withToken ? `, token: ${inputs.token()} ?? ""` : "";
  const body = [
    `const realtime = new RealtimeClient({ url: ${quote(origin)}${path}${token} });`,
    "",
    `realtime.on("connection", ({ state }) => console.log(state));`,
    `realtime.on("event", ({ topic, event, payload }) => console.log(topic, event, JSON.stringify(payload)));`,
    `realtime.on("presence", (presence) => console.log("presence", JSON.stringify(presence)));`,
    `realtime.on("error", (error) => console.error(error.code, error.message));`,
    ...(commands.length === 0 ? [] : [""]),
    ...commands.map((command, index) => call(command, inputs, index)),
  ];
  const declared = inputs.declarations();
  return [
    'import { RealtimeClient } from "@roomcast/client";',
    "",
    ...declared,
    ...(declared.length > 0 ? [""] : []),
    ...body,
    "",
  ].join("\n");
}

/** What the client has for a command; where it has nothing, a comment that says so. */
function call({ event, argument }: Command, inputs: Inputs, index: number): string {
  const fields = (typeof argument === "object" && argument !== null ? argument : {}) as Readonly<
    Record<string, unknown>
  >;
  const field = (name: string): string => {
    const value = fields[name];
    return value === undefined ? "undefined" : toLiteral(value, inputs.expressions);
  };
  const rest = (...names: string[]): string => {
    const given = names.map((name) => (fields[name] === undefined ? undefined : field(name)));
    while (given.length > 0 && given.at(-1) === undefined) given.pop();
    return given.map((one) => one ?? "undefined").join(", ");
  };
  const shown = (work: string): string => `console.log(${quote(event)}, await realtime.socketClient.${work});`;
  switch (event) {
    case "subscribe": {
      if (fields["token"] !== undefined) return comment("subscribe with a room token is for socket.io-client");
      const { topic, filter } = fields;
      const options = filter === undefined ? { topic } : { topic, filter };
      inputs.subscription = `subscription${index + 1}`;
      return `const subscription${index + 1} = realtime.subscribe(${toLiteral(options, inputs.expressions)});`;
    }
    case "unsubscribe":
      return `realtime.unsubscribe(${field("subscriptionId")});`;
    case "join":
      if (fields["token"] !== undefined) return comment("join with a room token is for socket.io-client");
      return shown(`joinChannel(${rest("channel", "state")})`);
    case "leave":
      return `await realtime.socketClient.leaveChannel(${field("channel")});`;
    case "publish":
      return shown(`publish(${rest("channel", "event", "data")})`);
    case "direct": {
      const { socketId } = (fields["to"] ?? {}) as Readonly<Record<string, unknown>>;
      const to = typeof socketId === "string" ? quote(socketId) : field("to");
      return shown(`directMessage(${to}, ${rest("event", "data")})`);
    }
    case "members":
      return shown(`members(${field("channel")})`);
    case "state":
      return `await realtime.socketClient.setState(${field("channel")}, ${field("state")});`;
    case "history": {
      const { channel: _, ...options } = fields;
      const given = Object.keys(options).length === 0 ? "" : `, ${toLiteral(options, inputs.expressions)}`;
      return shown(`history(${field("channel")}${given})`);
    }
    case "refresh":
      return comment("the client renews its token by itself where `token` is a function");
    default:
      return comment(`${event}: the client has no such command`);
  }
}

function comment(text: string): string {
  return `// ${quote(text).slice(1, -1)}`;
}

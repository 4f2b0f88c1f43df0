import type { Command, Transports } from "./connection.ts";
import type { Dialect } from "./dialects.ts";
import { quote, toLiteral, type Expressions } from "./literal.ts";
import { roomOf } from "./placeholders.ts";

/** What code is to be written for. */
export interface CodeSubject {
  readonly dialect: Dialect;
  readonly origin: string;
  readonly transports: Transports;
  /** Whether it logs in with a token. */
  readonly withToken: boolean;
  /** What was sent, in order. */
  readonly commands: readonly Command[];
}

/** The names of what a program is given by its environment, found while its commands are written. */
export class Inputs {
  /** What the id of the newest subscription is called. */
  subscription = quote("");
  readonly #rooms = new Map<string, string>();
  readonly #names = new Map<string, string>();

  readonly expressions: Expressions = (word, around) => {
    if (word === "$token") return this.token();
    if (word === "$newToken") return this.#add("newToken", "ROOMCAST_NEW_TOKEN");
    if (word === "$subscription") return this.subscription;
    if (word !== "$roomToken") return undefined;
    const room = roomOf(around);
    const known = this.#rooms.get(room);
    if (known !== undefined) return known;
    const number = this.#rooms.size + 1;
    const name = this.#add(`roomToken${number}`, `ROOMCAST_ROOM_TOKEN_${number}`, room);
    this.#rooms.set(room, name);
    return name;
  };

  token(): string {
    return this.#add("token", "ROOMCAST_TOKEN");
  }

  /** The lines that declare them. */
  declarations(): string[] {
    return [...this.#names.values()];
  }

  #add(name: string, variable: string, room?: string): string {
    const comment = room === undefined ? "" : ` // opens ${quote(room)}`;
    this.#names.set(name, `const ${name} = process.env[${quote(variable)}];${comment}`);
    return name;
  }
}

/** A program in TypeScript that does with socket.io-client what was done here. */
export function socketIoCode(subject: CodeSubject): string {
  const { dialect, origin, commands } = subject;
  const inputs = new Inputs();
  const options = connectOptions(subject, inputs);
  const address = quote(dialect.namespace === "/" ? origin : origin + dialect.namespace);
  const body = [
    `const socket = io(${address}, ${options});`,
    "",
    "socket.onAny((event, ...args) => console.log(event, JSON.stringify(args)));",
    `socket.on("connect_error", (error) => console.error(error.message, error));`,
    ...login(subject, inputs),
    ...(commands.length === 0 ? [] : [""]),
    ...commands.flatMap((command, index) => send(command, dialect, inputs, index)),
  ];
  const declared = inputs.declarations();
  return [
    'import { io } from "socket.io-client";',
    "",
    ...declared,
    ...(declared.length > 0 ? [""] : []),
    ...body,
    "",
  ].join("\n");
}

function connectOptions({ dialect, transports, withToken }: CodeSubject, inputs: Inputs): string {
  const options: string[] = [];
  if (dialect.path !== "/socket.io/") options.push(`path: ${quote(dialect.path)}`);
  if (transports !== "upgrade") options.push(`transports: [${quote(transports)}]`);
  if (dialect.login === "handshake") {
    if (withToken) options.push(`auth: { ${inputs.token()} }`);
    else if (dialect.name === "native") options.push("auth: { token: null }");
  }
  // Browsers send the cookies that they have, and take none from a program.
  if (dialect.login === "cookies") {
    options.push('extraHeaders: { Cookie: process.env["ROOMCAST_COOKIES"] ?? "" }');
  }
  return options.length === 0 ? "{}" : `{ ${options.join(", ")} }`;
}

function login({ dialect, withToken }: CodeSubject, inputs: Inputs): string[] {
  if (dialect.login === "command") {
    if (!withToken) return [];
    return [
      `socket.on("connect", () => socket.emit("authenticate", { ${inputs.token()} }));`,
      waitFor("authenticated"),
    ];
  }
  return dialect.ready === undefined ? [] : [waitFor(dialect.ready)];
}

function waitFor(event: string): string {
  return `await new Promise<void>((resolve) => socket.once(${quote(event)}, () => resolve()));`;
}

function send(command: Command, dialect: Dialect, inputs: Inputs, index: number): string[] {
  const { event, argument, acknowledged } = command;
  const args = argument === undefined ? "" : `, ${toLiteral(argument, inputs.expressions)}`;
  if (acknowledged) {
    const answer = `answer${index + 1}`;
    if (event === "subscribe") inputs.subscription = `${answer}.subscriptionId`;
    return [
      `const ${answer} = await socket.timeout(10_000).emitWithAck(${quote(event)}${args});`,
      `console.log(${quote(event)}, JSON.stringify(${answer}));`,
    ];
  }
  const [good] = dialect.answers[event] ?? [];
  return [`socket.emit(${quote(event)}${args});`, ...(good === undefined ? [] : [waitFor(good)])];
}

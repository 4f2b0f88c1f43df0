import process from "node:process";
import { isChannelName, type Position, type RealtimeEvent, type WireError } from "@roomcast/protocol";
import { io, type Socket } from "socket.io-client";
import { CommandError, UsageError, type Arguments, type Command } from "./command.ts";

const MOST_HISTORY = 1_000;

export const listen: Command = {
  name: "listen",
  summary: "Listen to a channel and print its events, one JSON object a line",
  positionals: ["<channel>"],
  flags: {
    url: { value: "<url>", help: "Where the gateway is (http://127.0.0.1:3000)" },
    token: { value: "<jwt>", help: "Who listens; also read from ROOMCAST_TOKEN" },
    last: { value: "<count>", help: `Print this many kept events first (0, at most ${MOST_HISTORY})` },
  },
  run,
};

type Answer<Result> = ({ readonly ok: true } & Result) | { readonly ok: false; readonly error: WireError };

interface Recovery {
  readonly position?: Position;
  readonly recovered?: boolean;
  readonly events?: readonly RealtimeEvent[];
}

function run(args: Arguments): Promise<number> {
  const [topic] = args.positionals;
  if (topic === undefined) throw new UsageError("which channel? roomcast listen <channel>");
  checkChannel(topic);
  const url = checkUrl(args.text("url") ?? "http://127.0.0.1:3000");
  const last = checkCount(args.text("last") ?? "0");
  const token = args.text("token") ?? (process.env["ROOMCAST_TOKEN"] || null);
  return new Promise((resolve, reject) => {
    const socket = io(url, { auth: { token } });
    const listener = new Listener({ socket, topic, last, fail: finish });
    process.once("SIGINT", stop).once("SIGTERM", stop);
    // Whoever read our output has enough, as `head` does.
    process.stdout.once("error", stop);
    listener.start();

    function stop(): void {
      finish(undefined);
    }
    function finish(failure: string | undefined): void {
      process.off("SIGINT", stop).off("SIGTERM", stop);
      socket.off().disconnect();
      if (failure === undefined) resolve(0);
      else reject(new CommandError(failure));
    }
  });
}

function checkChannel(name: string): void {
  if (!isChannelName(name)) throw new UsageError(`${JSON.stringify(name)} is not the name of a channel`);
}

function checkUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !["http:", "https:", "ws:", "wss:"].includes(url.protocol)) {
    throw new UsageError(`--url is "${text}"; it may be an address such as http://127.0.0.1:3000`);
  }
  // A path would be taken for a namespace.
  return url.origin === "null" ? `${url.protocol}//${url.host}` : url.origin;
}

function checkCount(text: string): number {
  if (!/^\d{1,4}$/.test(text) || Number(text) > MOST_HISTORY) {
    throw new UsageError(`--last is "${text}"; it may be a whole number from 0 to ${MOST_HISTORY}`);
  }
  return Number(text);
}

interface ListenerOptions {
  readonly socket: Socket;
  readonly topic: string;
  readonly last: number;
  /** Called once there is no point in going on. */
  readonly fail: (message: string) => void;
}

/** Follows one channel with a plain Socket.IO client, and goes on where it was when the connection comes back. */
class Listener {
  readonly #socket: Socket;
  readonly #topic: string;
  readonly #last: number;
  readonly #fail: (message: string) => void;
  #position: Position | undefined;
  #listened = false;

  constructor(options: ListenerOptions) {
    this.#socket = options.socket;
    this.#topic = options.topic;
    this.#last = options.last;
    this.#fail = options.fail;
  }

  start(): void {
    this.#socket.on("connect", () => (this.#listened || this.#last === 0 ? this.#subscribe() : this.#replay()));
    this.#socket.on("connect_error", (error) => {
      // A refusal by the gateway is final for this token; anything else the client tries again by itself.
      if (this.#socket.active) say(`waiting for the gateway (${error.message})`);
      else this.#fail(`refused: ${error.message}`);
    });
    this.#socket.on("disconnect", (reason) => {
      if (this.#socket.active) say(`connection lost (${reason}); trying again`);
      else this.#fail("the gateway ended the connection");
    });
    this.#socket.on("closing", (closing: WireError) => say(`closing: ${describe(closing)}`));
    this.#socket.on("error", (error: WireError) => say(`error: ${describe(error)}`));
    this.#socket.on("event", (event: RealtimeEvent) => this.#print(event));
    this.#socket.on("gap", (gap: { readonly position: Position }) => {
      this.#position = gap.position;
      say("some events were lost");
    });
  }

  /** Prints the newest events of the history, and follows the channel from there. */
  #replay(): void {
    const query = { channel: this.#topic, limit: this.#last };
    this.#socket.emit("history", query, (answer: Answer<{ events: readonly RealtimeEvent[]; position: Position }>) => {
      if (answer.ok) {
        for (const event of answer.events) this.#print(event);
        this.#position = answer.position;
      } else say(`no history: ${describe(answer.error)}`);
      this.#subscribe();
    });
  }

  #subscribe(): void {
    const since = this.#position === undefined ? undefined : { since: this.#position };
    this.#socket.emit("subscribe", { topic: this.#topic, ...since }, (answer: Answer<Recovery>) => {
      if (!answer.ok) {
        this.#fail(describe(answer.error));
        return;
      }
      if (answer.recovered === false) say("some events were lost");
      for (const event of answer.events ?? []) this.#print(event);
      if (answer.position !== undefined) this.#position = answer.position;
      say(`listening to ${this.#topic}`);
      this.#listened = true;
    });
  }

  #print(event: RealtimeEvent): void {
    if (event.position !== undefined) this.#position = event.position;
    process.stdout.write(`${JSON.stringify(event)}\n`);
  }
}

function describe(error: WireError): string {
  return `${error.code} ${error.message}`;
}

/** What is no event goes to standard error, so that the output can be piped. */
function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

import { Manager, type Socket } from "socket.io-client";
import type { Dialect } from "./dialects.ts";
import { tapEngine, toBytes } from "./frames.ts";
import { Log, type Direction } from "./log.ts";
import { farewellOf, refusalOf, type Refusal } from "./refusal.ts";
import type { HeldToken } from "./tokens.ts";

export type Transports = "upgrade" | "websocket" | "polling";

export interface ConnectOptions {
  readonly transports: Transports;
  /** Whether a lost connection is taken up again by itself, as stock clients do. */
  readonly reconnection: boolean;
  /** Undefined: connects without one. */
  readonly token: HeldToken | undefined;
}

/** A command as somebody wrote it: with placeholders. */
export interface Command {
  readonly event: string;
  /** No argument where undefined. */
  readonly argument: unknown;
  readonly acknowledged: boolean;
}

export interface Answer {
  readonly command: string;
  /** The event that it came as; undefined for an acknowledgement. */
  readonly event?: string;
  readonly milliseconds: number;
  /** JSON; undefined where none came. */
  readonly text?: string;
}

export interface ConnectionState {
  readonly phase: "idle" | "connecting" | "connected" | "reconnecting" | "ended";
  /** Whether the dialect takes commands: `connected` alone does not say so. */
  readonly ready: boolean;
  readonly options?: ConnectOptions;
  readonly transport?: string;
  readonly socketId?: string;
  /** Why it is not connected, as the server or the transport tells. */
  readonly refusal?: Refusal | undefined;
  /** Socket.IO's word for how it ended. */
  readonly reason?: string | undefined;
  readonly answer?: Answer;
  /** What was sent since it was connected by hand, the oldest first. */
  readonly sent: readonly Command[];
  readonly subscriptionId?: string;
}

const TRANSPORTS = { upgrade: ["polling", "websocket"], websocket: ["websocket"], polling: ["polling"] } as const;
const ANSWER_MS = 10_000;
const MOST_SENT = 50;
/** What the gateway says before it ends a connection; some of it is said of commands as well, and then nothing ends. */
const FAREWELLS: ReadonlySet<string> = new Set(["closing", "exception", "unauthorized"]);
const FAREWELL_MS = 2000;

/** One connection of the playground, of one dialect, with all that goes over it. Nothing of it outlives the object. */
export class PlaygroundConnection {
  readonly dialect: Dialect;
  readonly events = new Log();
  readonly frames = new Log();
  /** What is not to be shown unless somebody asks for it. */
  readonly secrets = new Set<string>();
  readonly #origin: string;
  readonly #listeners = new Set<() => void>();
  #state: ConnectionState = { phase: "idle", ready: false, sent: [] };
  #socket: Socket | undefined;
  /** Commands that an event will answer, the oldest first. */
  #awaited: { readonly command: string; readonly since: number }[] = [];
  #farewell: { readonly refusal: Refusal; readonly at: number } | undefined;

  constructor(options: { dialect: Dialect; origin: string }) {
    this.dialect = options.dialect;
    this.#origin = options.origin;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly state = (): ConnectionState => this.#state;

  /** Connects anew, in the place of the connection that there may be. */
  connect(options: ConnectOptions): void {
    this.#drop();
    this.#state = { phase: "connecting", ready: false, options, sent: [] };
    const { token, transports, reconnection } = options;
    if (token !== undefined && token.token !== "") this.secrets.add(token.token);
    const manager = new Manager(this.#origin, {
      path: this.dialect.path,
      forceNew: true,
      autoConnect: false,
      reconnection,
      transports: [...TRANSPORTS[transports]],
      withCredentials: this.dialect.login === "cookies",
    });
    const socket = manager.socket(this.dialect.namespace, { auth: this.#auth(token) });
    this.#socket = socket;
    this.#listen(socket, manager);
    socket.connect();
    this.#tap(manager);
    this.#tell({});
  }

  /** Ends the connection, and tries no more. */
  disconnect(): void {
    if (this.#socket === undefined) return;
    this.#drop();
    this.#note("disconnect", "io client disconnect");
    this.#tell({ phase: "ended", ready: false, reason: "io client disconnect" });
  }

  /**
   * Sends a command. `argument` is what is sent in the place of the command's own, with its placeholders filled. Throws what
   * Socket.IO cannot send; what comes of it is told by the state and the log.
   */
  send(command: Command, argument: unknown): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    const { event, acknowledged } = command;
    const args = command.argument === undefined ? [] : [argument];
    const since = performance.now();
    const text = write(args);
    if (acknowledged) {
      socket.timeout(ANSWER_MS).emit(event, ...args, (failure: Error | null, ...reply: unknown[]) => {
        if (this.#socket !== socket) return;
        if (failure === null) this.#answered(event, since, reply);
        else this.#unanswered(event, since, failure);
      });
    } else {
      socket.emit(event, ...args);
      if (event in this.dialect.answers)
        this.#awaited = [...this.#awaited, { command: event, since }].slice(-MOST_SENT);
    }
    this.#log("out", event, text);
    this.#tell({ sent: [...this.#state.sent, command].slice(-MOST_SENT) });
  }

  #auth(token: HeldToken | undefined): Record<string, unknown> {
    if (this.dialect.login !== "handshake") return {};
    if (token !== undefined) return { token: token.token };
    // With no token at all, the handshake would be another dialect's where that has the same place.
    return this.dialect.name === "native" ? { token: null } : {};
  }

  #listen(socket: Socket, manager: Manager): void {
    socket.on("connect", () => {
      this.#note("connect", socket.id ?? "");
      this.#awaited = [];
      this.#tell({
        phase: "connected",
        ready: this.dialect.ready === undefined,
        refusal: undefined,
        reason: undefined,
        ...(socket.id === undefined ? undefined : { socketId: socket.id }),
      });
      this.#authenticate(socket);
    });
    socket.on("connect_error", (error: Error & { data?: unknown }) => {
      const refusal = refusalOf(error);
      this.#note("connect_error", JSON.stringify(refusal));
      const again = this.#state.phase === "reconnecting" ? "reconnecting" : "connecting";
      this.#tell({ phase: socket.active ? again : "ended", ready: false, refusal });
    });
    socket.on("disconnect", (reason) => {
      this.#note("disconnect", reason);
      const { refusal, at } = this.#farewell ?? { refusal: undefined, at: 0 };
      this.#tell({
        phase: socket.active ? "reconnecting" : "ended",
        ready: false,
        reason,
        refusal: Date.now() - at < FAREWELL_MS ? refusal : undefined,
      });
    });
    socket.onAny((event: string, ...args: unknown[]) => this.#received(event, args));
    manager.on("reconnect_attempt", (attempt) => {
      this.#note("reconnect_attempt", String(attempt));
      // The manager makes the new engine right after this, and nothing reaches that before.
      queueMicrotask(() => {
        if (this.#socket === socket) this.#tap(manager);
      });
    });
  }

  /** Twake's login, again after each reconnect, as its clients do. */
  #authenticate(socket: Socket): void {
    const token = this.#state.options?.token?.token;
    if (this.dialect.login !== "command" || token === undefined) return;
    socket.emit("authenticate", { token });
    this.#awaited.push({ command: "authenticate", since: performance.now() });
    this.#log("out", "authenticate", write([{ token }]));
  }

  #received(event: string, args: readonly unknown[]): void {
    const command = Object.entries(this.dialect.answers).find(([, events]) => events.includes(event))?.[0];
    const index = this.#awaited.findIndex((awaited) => awaited.command === command);
    const [awaited] = index === -1 ? [] : this.#awaited.splice(index, 1);
    if (awaited === undefined) {
      this.#log("in", event, write(args));
    } else {
      const milliseconds = performance.now() - awaited.since;
      this.#log("in", event, write(args), milliseconds);
      // The connection's own login is no answer to somebody's command.
      if (this.#state.ready || awaited.command !== "authenticate")
        this.#tell({ answer: { command: awaited.command, event, milliseconds, text: write(args) } });
    }
    if (event === this.dialect.ready) this.#tell({ ready: true });
    const refusal = FAREWELLS.has(event) ? farewellOf(args[0]) : undefined;
    if (refusal !== undefined) this.#farewell = { refusal, at: Date.now() };
  }

  #answered(command: string, since: number, reply: readonly unknown[]): void {
    const milliseconds = performance.now() - since;
    const text = write(reply);
    this.#log("in", `↩ ${command}`, text, milliseconds);
    const { subscriptionId } = (reply[0] ?? {}) as { subscriptionId?: unknown };
    this.#tell({
      answer: { command, milliseconds, text },
      ...(typeof subscriptionId === "string" ? { subscriptionId } : undefined),
    });
  }

  #unanswered(command: string, since: number, failure: Error): void {
    const milliseconds = performance.now() - since;
    this.#log("here", `↩ ${command}`, failure.message, milliseconds);
    this.#tell({ answer: { command, milliseconds } });
  }

  #tap(manager: Manager): void {
    tapEngine(manager.engine, {
      log: this.frames,
      transport: (transport) => this.#tell({ transport }),
      secret: (text) => this.secrets.add(text),
      now: Date.now,
    });
  }

  /** Leaves the socket that there is, which is heard no more. */
  #drop(): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    this.#socket = undefined;
    this.#awaited = [];
    socket.offAny();
    socket.off();
    socket.io.off();
    socket.disconnect();
  }

  #note(name: string, text: string): void {
    this.#log("here", name, text);
  }

  #log(direction: Direction, name: string, text: string, milliseconds?: number): void {
    const row = { at: Date.now(), direction, name, text };
    this.events.push(milliseconds === undefined ? row : { ...row, milliseconds });
  }

  #tell(changes: Partial<ConnectionState>): void {
    this.#state = { ...this.#state, ...changes };
    for (const listener of this.#listeners) listener();
  }
}

/** Arguments as JSON: one by itself, several as an array, none as nothing; what is binary by its numbers. */
function write(args: readonly unknown[]): string {
  if (args.length === 0) return "";
  const value = args.length === 1 ? args[0] : args;
  return JSON.stringify(value, (_, entry: unknown) => {
    const bytes = toBytes(entry);
    return bytes === undefined ? entry : { $bytes: Array.from(bytes) };
  });
}

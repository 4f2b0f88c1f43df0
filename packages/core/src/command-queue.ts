import { GatewayError, isReservedName, type Decoded, type Outcome } from "@roomcast/protocol";
import { execute, notLoggedIn, type Answer } from "./commands.ts";
import { isPromise } from "./hooks.ts";
import { Refusal } from "./refusal.ts";
import type { Session } from "./session.ts";

/** A frame that was understood, or not, and is to be answered. */
export interface Task {
  readonly request: Exclude<Decoded, { kind: "ignored" }>;
  /** Bytes of its text on the wire. */
  readonly bytes: number;
  /** Answers the frame; there when the client asked for an acknowledgement. */
  readonly acknowledge: ((args: readonly unknown[]) => void) | undefined;
}

/**
 * A session's commands, carried out one after another in the order in which they came. What waits is bounded; a client
 * that does not read its answers gets no more of them until it does.
 */
export class CommandQueue {
  readonly #session: Session;
  /** Made when the first command has to wait: most never do. */
  #tasks: Task[] | undefined;
  #bytes = 0;
  #busy = false;

  constructor(session: Session) {
    this.#session = session;
  }

  add(task: Task): void {
    const session = this.#session;
    const { overloaded } = session.connection;
    if (!this.#busy && !overloaded) {
      this.#run(task);
      return;
    }
    this.#tasks ??= [];
    const { commands, bytes } = this.#room();
    if (this.#tasks.length < commands && this.#bytes < bytes) {
      this.#tasks.push(task);
      this.#bytes += task.bytes;
    } else if (overloaded) {
      session.end("SLOW_CONSUMER", "The connection did not keep up with its answers");
    } else {
      const details = { retryAfterMs: 100 };
      this.#finish(task, new GatewayError("RATE_LIMITED", "Too many commands wait for an answer", { details }));
    }
  }

  /**
   * How much may wait for a command that takes its time: a whole burst, and as much as one message may bring; of a client
   * that has not logged in, less.
   */
  #room(): { readonly commands: number; readonly bytes: number } {
    const { enrolled, privileged, services } = this.#session;
    const { commandBurst, privilegedFactor, transportBytes, heldCommands, heldBytes } = services.limits;
    if (!enrolled) return { commands: heldCommands, bytes: heldBytes };
    return { commands: commandBurst * (privileged ? privilegedFactor : 1), bytes: transportBytes };
  }

  /** Has all commands wait for `work`; the session ends where that fails. */
  after(work: Promise<void>): void {
    this.#busy = true;
    void work.then(
      () => this.#next(),
      (thrown: unknown) => {
        const { code, message } = this.#failure(thrown);
        const refused = code === "LIMIT_REACHED";
        if (refused) this.#session.services.observer.refused?.(code, tenantOf(this.#session));
        this.#session.end(code, refused ? message : "The session could not begin");
      },
    );
  }

  /** Goes on after the client has read what it was sent. */
  resume(): void {
    if (!this.#busy) this.#next();
  }

  /** Forgets what waits. */
  clear(): void {
    this.#tasks = undefined;
  }

  #run(task: Task): void {
    const answer = this.#execute(task);
    if (!isPromise(answer)) {
      this.#finish(task, answer);
      return;
    }
    this.#busy = true;
    void answer.then((settled) => {
      this.#finish(task, settled);
      this.#next();
    });
  }

  #next(): void {
    const session = this.#session;
    this.#busy = false;
    while (!this.#busy && !session.ended && !session.connection.overloaded) {
      const task = this.#tasks?.shift();
      if (task === undefined) {
        this.#tasks = undefined;
        return;
      }
      this.#bytes -= task.bytes;
      this.#run(task);
    }
  }

  /** Never throws or rejects. */
  #execute({ request, bytes }: Task): Answer | GatewayError | Promise<Answer | GatewayError> {
    if (request.kind === "invalid") return this.#session.enrolled ? request.error : notLoggedIn();
    try {
      const answer = execute(this.#session, request.command, bytes);
      return isPromise(answer) ? answer.catch((thrown: unknown) => this.#failure(thrown)) : answer;
    } catch (thrown) {
      return this.#failure(thrown);
    }
  }

  /** Never throws: much of this runs where nobody would catch it. */
  #finish(task: Task, answer: Answer | GatewayError): void {
    try {
      if (answer instanceof GatewayError) {
        this.#session.services.observer.refused?.(answer.code, tenantOf(this.#session));
        this.#session.refused(answer, ...namesOf(task, answer));
        const { token } = answer;
        this.#reply(task, { ok: false, error: answer.toWire(), ...(token === undefined ? undefined : { token }) });
        const { request } = task;
        if (request.kind === "command" && request.command.type === "login") this.#session.loginFailed();
      } else if (answer.later === undefined) {
        this.#reply(task, { ok: true, result: answer.result });
        answer.after?.();
      } else {
        void answer.later.then(
          (result) => this.#finish(task, { result }),
          (thrown: unknown) => this.#finish(task, this.#failure(thrown)),
        );
      }
    } catch (thrown) {
      this.#failure(thrown);
    }
  }

  #failure(thrown: unknown): GatewayError {
    const error = GatewayError.from(thrown);
    if (error.code === "INTERNAL") this.#session.services.observer.failed?.("command", thrown);
    return error;
  }

  #reply({ request, acknowledge }: Task, outcome: Outcome): void {
    const session = this.#session;
    if (session.ended) return;
    const reply = session.connection.wire.dialect.reply(request, outcome, acknowledge !== undefined);
    if (reply.acknowledgement !== undefined) acknowledge?.(reply.acknowledgement);
    for (const frame of reply.frames ?? []) session.write(frame);
  }
}

/** Undefined while it is not known. */
function tenantOf({ enrolled, principal }: Session): string | undefined {
  return enrolled ? principal.tenantId : undefined;
}

/** What a client asked for, and the channel that it named, if it was one. */
function namesOf({ request }: Task, error: GatewayError): [command: string, channel: string | undefined] {
  if (request.kind === "invalid") return [request.event, undefined];
  const { command } = request;
  if (error instanceof Refusal) return [command.type, error.channel];
  const commands = command.type === "all" ? command.commands : [command];
  const named = commands.flatMap((one) => ("channel" in one ? [one.channel.name] : []));
  // What a dialect follows besides has not been named by the client.
  const names = new Set(named.filter((name) => !isReservedName(name)));
  return [command.type, names.size === 1 ? [...names][0] : undefined];
}

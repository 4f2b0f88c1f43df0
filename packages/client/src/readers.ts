import type { Position, RealtimeEvent } from "@roomcast/protocol";
import { ANSWER_TIMEOUT, retryDelay, type CommandRequest } from "./commands.ts";
import type { Environment } from "./environment.ts";
import { isRecord, toRealtimeError, type RealtimeError } from "./errors.ts";
import type { Link } from "./link.ts";
import { TopicLog, type Handed } from "./topic-log.ts";

/** Something that receives a topic: a subscription, or the membership. */
export interface Reader {
  readonly key: string;
  readonly topic: string;
  /** The command that begins it on a connection. */
  request(since: Position | undefined): CommandRequest;
  answered?(reply: never): void;
  /** The server does not have it, for good. It is no reader any more. */
  refused(error: RealtimeError): void;
}

interface Entry {
  readonly reader: Reader;
  readonly log: TopicLog;
  attempt: number;
  /** Refused for now; to be asked for again. */
  resting: boolean;
  cancelTimer: (() => void) | undefined;
}

export interface ReadersOptions {
  readonly environment: Environment;
  readonly handOut: (topic: string, handed: Handed) => void;
  /** A reader that had to wait has its answer. */
  readonly settled: () => void;
  /** The server left a reader without an answer: nobody can say what it will get on this connection. */
  readonly stuck: () => void;
}

/** All readers of this client, asked for again on each connection, and the logs of their topics. */
export class Readers {
  readonly #options: ReadersOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #logs = new Map<string, TopicLog>();
  #link: Link | undefined;
  /** When the server last answered any of them. */
  #answeredAt = -Infinity;

  constructor(options: ReadersOptions) {
    this.#options = options;
  }

  add(reader: Reader): void {
    const log = this.#logs.get(reader.topic) ?? new TopicLog();
    this.#logs.set(reader.topic, log);
    log.add(reader.key);
    const entry: Entry = { reader, log, attempt: 0, resting: false, cancelTimer: undefined };
    this.#entries.set(reader.key, entry);
    this.#ask(entry);
  }

  /** Whether it was there. */
  remove(key: string): boolean {
    const entry = this.#entries.get(key);
    if (entry === undefined) return false;
    entry.cancelTimer?.();
    this.#entries.delete(key);
    const handed = entry.log.remove(key);
    if (entry.log.empty) this.#logs.delete(entry.reader.topic);
    this.#handOut(entry, handed);
    if (entry.resting) this.#options.settled();
    return true;
  }

  get linked(): boolean {
    return this.#link !== undefined;
  }

  /** Whether anything reads `topic`. */
  has(topic: string): boolean {
    return this.#logs.has(topic);
  }

  /** Whether the server knows the reader on this connection. */
  isLive(key: string): boolean {
    return this.#entries.get(key)?.log.isLive(key) === true;
  }

  /** Whether a reader of `topic` is still to be asked for again, so that the server may not know us there. */
  isResting(topic: string): boolean {
    for (const { reader, resting } of this.#entries.values()) if (resting && reader.topic === topic) return true;
    return false;
  }

  connected(link: Link): void {
    this.#link = link;
    for (const entry of this.#entries.values()) {
      entry.attempt = 0;
      this.#ask(entry);
    }
  }

  disconnected(): void {
    this.#link = undefined;
    for (const entry of this.#entries.values()) {
      entry.cancelTimer?.();
      entry.resting = false;
    }
    for (const log of this.#logs.values()) log.disconnected();
  }

  event(event: RealtimeEvent): void {
    const log = this.#logs.get(event.topic);
    if (log !== undefined) this.#handOut({ log, reader: event }, log.live(event));
  }

  gap(topic: string, position: Position | undefined): void {
    const log = this.#logs.get(topic);
    if (log !== undefined) this.#handOut({ log, reader: { topic } }, log.gap(position));
  }

  /**
   * The server ended something that reads `topic`, and does not say what: all of it is asked for again, from where it stands.
   * What is still there changes nothing by that, and the rest is refused by name.
   */
  ended(topic: string): void {
    for (const entry of this.#entries.values()) {
      if (entry.reader.topic !== topic || !entry.log.isLive(entry.reader.key)) continue;
      entry.log.interrupt(entry.reader.key);
      this.#ask(entry);
    }
  }

  #ask(entry: Entry): void {
    const link = this.#link;
    if (link === undefined) return;
    const { reader, log } = entry;
    const { event, payload } = reader.request(log.ask(reader.key));
    this.#await(entry, ANSWER_TIMEOUT);
    link.send(event, payload, (reply) => {
      this.#answeredAt = this.#options.environment.now();
      if (this.#link !== link || this.#entries.get(reader.key) !== entry) return;
      entry.cancelTimer?.();
      if (isRecord(reply) && reply["ok"] === true) this.#answered(entry, reply);
      else this.#refused(entry, toRealtimeError(isRecord(reply) ? reply["error"] : undefined, about(reader)));
    });
  }

  /** The server answers one after the other, and each may take its time: only silence means that no answer comes. */
  #await(entry: Entry, ms: number): void {
    const { environment, stuck } = this.#options;
    entry.cancelTimer = environment.after(ms, () => {
      const silence = environment.now() - this.#answeredAt;
      if (silence >= ANSWER_TIMEOUT) stuck();
      else this.#await(entry, ANSWER_TIMEOUT - silence);
    });
  }

  #answered(entry: Entry, reply: Record<string, unknown>): void {
    const rested = entry.resting;
    entry.resting = false;
    entry.reader.answered?.(reply as never);
    this.#handOut(entry, entry.log.reply(entry.reader.key, reply));
    if (rested) this.#options.settled();
  }

  #refused(entry: Entry, error: RealtimeError): void {
    if (error.retryable) {
      entry.resting = true;
      entry.cancelTimer?.();
      entry.cancelTimer = this.#options.environment.after(
        retryDelay(this.#options.environment, error, entry.attempt++),
        () => this.#ask(entry),
      );
    } else {
      this.remove(entry.reader.key);
      entry.reader.refused(error);
    }
  }

  /** A listener may end what is being handed out. */
  #handOut({ log, reader }: { log: TopicLog; reader: { topic: string } }, handed: readonly Handed[]): void {
    for (const one of handed) {
      if (this.#logs.get(reader.topic) === log) this.#options.handOut(reader.topic, one);
    }
  }
}

function about(reader: Reader): { channel: string; subscriptionId: string } {
  return { channel: reader.topic, subscriptionId: reader.key };
}

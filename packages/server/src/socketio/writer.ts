import type { Duplex } from "node:stream";
import { Queue } from "./queue.ts";

/** What leaves, for metrics. Called on hot paths: each method must be cheap and must not throw. */
export interface WriteObserver {
  /** Bytes were handed to the sockets of one or many connections. Every byte of a payload is counted here once. */
  bytesOut?(bytes: number): void;
  /** One tick's queues were written: one write for each of `connections`, `bytes` in all. */
  flushed?(flush: { readonly connections: number; readonly bytes: number }): void;
}

export interface WriterOptions {
  /** From how many bytes on, waiting in a socket, its connection is overloaded. */
  readonly backlogBytes: number;
  readonly observer?: WriteObserver;
}

/** A connection's queue is written before the tick ends when it has more bytes than this. */
const EARLY_FLUSH_BYTES = 256 * 1024;

/**
 * A connection that takes in nothing while replies or an application's own packets, which no channel's policy covers, still
 * pile up is destroyed at the larger of these: so many times its backlog, or so many bytes.
 */
const DESTROY_FACTOR = 8;
const DESTROY_BYTES = 16 * 1024 * 1024;

/**
 * Writes for many WebSocket connections: gathers what each is given in one tick of the event loop, and hands it to each
 * socket in one write. The first frame of a tick schedules the flush of all.
 */
export class Writer {
  /** See `WriterOptions.backlogBytes`. */
  readonly backlogBytes: number;
  readonly destroyBytes: number;
  readonly #observer: WriteObserver;
  #root = Queue.root();
  #dirty: Outlet[] = [];

  constructor(options: WriterOptions) {
    this.backlogBytes = options.backlogBytes;
    this.destroyBytes = Math.max(DESTROY_BYTES, DESTROY_FACTOR * options.backlogBytes);
    this.#observer = options.observer ?? {};
  }

  /** The place of one WebSocket connection, whose frames go to `socket` from now on. */
  outlet(socket: Duplex): Outlet {
    return new Outlet(this, socket);
  }

  /** The queue of a connection that has been given nothing in this tick. For outlets. */
  get root(): Queue {
    return this.#root;
  }

  /** Takes an outlet that has something to write into the next flush. For outlets. */
  enlist(outlet: Outlet): void {
    if (this.#dirty.push(outlet) === 1) setImmediate(() => this.#flush());
  }

  /** Counts bytes that were written outside a flush. For outlets. */
  count(bytes: number): void {
    if (bytes > 0) this.#observer.bytesOut?.(bytes);
  }

  #flush(): void {
    const dirty = this.#dirty;
    this.#dirty = [];
    this.#root = Queue.root();
    let connections = 0;
    let bytes = 0;
    for (const outlet of dirty) {
      const written = outlet.turn();
      if (written > 0) connections++;
      bytes += written;
    }
    if (connections === 0) return;
    this.#observer.bytesOut?.(bytes);
    this.#observer.flushed?.({ connections, bytes });
  }
}

/**
 * One connection's end of the writer. Everything that the connection sends comes through here or, after `flush`, goes to the
 * socket directly; so the order of calls is the order on the wire.
 */
export class Outlet {
  readonly #writer: Writer;
  readonly #socket: Duplex;
  #queue: Queue | undefined;
  #enlisted = false;
  #ended = false;
  #overloaded = false;
  #listener: { drained(): void } | undefined;
  #written: (() => void) | undefined;

  constructor(writer: Writer, socket: Duplex) {
    this.#writer = writer;
    this.#socket = socket;
  }

  /** Whether, at the last flush, more bytes waited in the socket than its connection may have. */
  get overloaded(): boolean {
    return this.#overloaded;
  }

  /** Bytes that wait, here and in the socket. */
  get backlog(): number {
    return this.#socket.writableLength + (this.#queue?.bytes ?? 0);
  }

  /** Bytes that were written, its handshake and what waits with them. Sockets of the system count them by themselves. */
  get written(): number {
    const { bytesWritten = 0 }: Duplex & { readonly bytesWritten?: number } = this.#socket;
    return bytesWritten + (this.#queue?.bytes ?? 0);
  }

  /** Appends a whole WebSocket frame. `shared`: other connections are given the very same buffer. */
  push(frame: Buffer, shared: boolean): void {
    if (this.#ended) return;
    const before = this.#queue ?? this.#writer.root;
    const queue = shared ? before.shared(frame) : before.alone(frame);
    this.#queue = queue;
    if (!this.#enlisted) {
      this.#enlisted = true;
      this.#writer.enlist(this);
    }
    if (queue.bytes > EARLY_FLUSH_BYTES) this.flush();
  }

  /** Hands what waits to the socket now, so that others may write to it next. */
  flush(): void {
    this.#writer.count(this.#write());
  }

  /** The outlet's turn in the flush of a tick; returns the bytes written. For the writer. */
  turn(): number {
    this.#enlisted = false;
    return this.#write();
  }

  /** Writes what waits, and takes nothing more. */
  end(): void {
    this.flush();
    this.#ended = true;
  }

  /** Forgets what waits, and takes nothing more. */
  drop(): void {
    this.#queue = undefined;
    this.#ended = true;
  }

  /** Calls `listener.drained` from now on, each time that an overload has passed. There is one: the connection's link. */
  onDrained(listener: { drained(): void }): void {
    this.#listener = listener;
  }

  /** Writes to the socket past the queue by `write`, which calls back when the socket took it; counts towards the backlog. */
  around(bytes: number, write: (onWritten: () => void) => void): void {
    this.flush();
    write(this.#onWritten());
    this.#writer.count(bytes);
    this.#measure();
  }

  #write(): number {
    const queue = this.#queue;
    if (queue === undefined) return 0;
    this.#queue = undefined;
    const socket = this.#socket;
    if (!socket.writable) return 0;
    if (!this.#overloaded && socket.writableLength + queue.bytes <= this.#writer.backlogBytes) {
      socket.write(queue.joined());
    } else {
      // The callback of the last write comes when nothing waits any more, so an overload never outlasts its backlog.
      socket.write(queue.joined(), this.#onWritten());
      this.#measure();
    }
    return queue.bytes;
  }

  /** What the kernel took at once does not wait: so this is asked after a write. */
  #measure(): void {
    const waiting = this.#socket.writableLength;
    if (waiting > this.#writer.destroyBytes) this.#socket.destroy();
    else if (waiting > this.#writer.backlogBytes) this.#overloaded = true;
  }

  #onWritten(): () => void {
    this.#written ??= () => {
      if (!this.#overloaded || this.#socket.writableLength > this.#writer.backlogBytes / 2) return;
      this.#overloaded = false;
      this.#listener?.drained();
    };
    return this.#written;
  }
}

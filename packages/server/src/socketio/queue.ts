/**
 * What waits for one connection within a tick: a frame after the queue before it. Connections that were given the same
 * frames hold the same node, and so share its one joined buffer; where they diverge, they share what came before.
 */
export class Queue {
  readonly #parent: Queue | undefined;
  readonly #frame: Buffer;
  /** Bytes of all frames from the start of the queue. */
  readonly bytes: number;
  #joined: Buffer | undefined;
  /** The frame that was appended last, and what came of it: nearly always the one that the next connection appends. */
  #lastFrame: Buffer | undefined;
  #lastNode: Queue | undefined;
  /** Filled from the second shared frame on. */
  #others: Map<Buffer, Queue> | undefined;

  private constructor(parent: Queue | undefined, frame: Buffer) {
    this.#parent = parent;
    this.#frame = frame;
    this.bytes = (parent?.bytes ?? 0) + frame.length;
  }

  /** The empty queue that all connections stand at when a tick begins. */
  static root(): Queue {
    return new Queue(undefined, Buffer.alloc(0));
  }

  /** This queue and then `frame`, which other connections get too. */
  shared(frame: Buffer): Queue {
    if (this.#lastFrame === frame && this.#lastNode !== undefined) return this.#lastNode;
    let node = this.#others?.get(frame);
    if (node === undefined) {
      node = new Queue(this, frame);
      if (this.#lastFrame !== undefined && this.#lastNode !== undefined) {
        this.#others ??= new Map();
        this.#others.set(this.#lastFrame, this.#lastNode);
      }
    }
    this.#lastFrame = frame;
    this.#lastNode = node;
    return node;
  }

  /** This queue and then `frame`, which is for one connection alone. */
  alone(frame: Buffer): Queue {
    return new Queue(this, frame);
  }

  /** All of its frames in one buffer, made once. */
  joined(): Buffer {
    if (this.#joined !== undefined) return this.#joined;
    const frames: Buffer[] = [];
    let node: Queue | undefined = this;
    while (node !== undefined) {
      if (node.#joined !== undefined) {
        frames.push(node.#joined);
        break;
      }
      if (node.#frame.length > 0) frames.push(node.#frame);
      node = node.#parent;
    }
    frames.reverse();
    this.#joined = frames.length === 1 && frames[0] !== undefined ? frames[0] : Buffer.concat(frames, this.bytes);
    return this.#joined;
  }
}

import { RESERVED_EVENTS } from "@roomcast/protocol";
import { Decoder, Encoder, PacketType, type Packet } from "socket.io-parser";

export interface ParserOptions {
  /** The namespaces whose packets are commands of ours; those of others pass as they are. */
  readonly namespaces: readonly string[];
  /** The largest command, in bytes of its JSON and its attachments together. */
  readonly commandBytes: number;
  /** How many CONNECT packets one link may send. */
  readonly connectPackets: number;
}

/** What is known of a command besides its frame. */
export interface Measure {
  /** Bytes of its JSON and its attachments. */
  readonly bytes: number;
  /** It was larger than a command may be: nothing but the event's name was read. */
  readonly tooLarge: boolean;
  /** The id under which the client waits for an answer. */
  readonly acknowledgement: number | undefined;
}

/** What Socket.IO's option `parser` wants. */
export interface Parser {
  readonly Encoder: typeof Encoder;
  readonly Decoder: new () => Decoder;
}

const MEASURE: unique symbol = Symbol("measure");

/** The arguments of a command. */
interface Measured {
  [MEASURE]?: Measure;
}

const ZERO = 48;
const LONGEST_NAME = 128;
/** How much of an oversized command its event's name is looked for in: each character may be written as `\uXXXX`. */
const NAME_WINDOW = 1024;
const NAME = /^\[\s*("(?:[^"\\]|\\.)*")/;
/** Of binary events: their attachments are counted as they come. */
const MAX_ATTACHMENTS = 10;

/** What the decoder found out about the arguments that Socket.IO hands to `socket.use`; undefined for others. */
export function measureOf(args: object): Measure | undefined {
  return (args as Measured)[MEASURE];
}

/**
 * A parser for Socket.IO that measures each command before it is parsed. A command that is too large is never parsed: it
 * arrives as its event's name alone, with a measure that says so. Acknowledgement ids are moved from the packet to the
 * measure, so that answers go out by our own connection. Whatever is malformed throws inside `add`, where Socket.IO
 * expects it and ends the link. Commands without attachments are read here; all other packets are left to Socket.IO's own.
 */
export function createParser(options: ParserOptions): Parser {
  const namespaces = new Set(options.namespaces);
  const { commandBytes, connectPackets } = options;

  class MeasuringDecoder extends Decoder {
    #connects = 0;
    /** The command whose attachments arrive. */
    #header: Header | undefined;
    /** Whether packets with attachments are looked at when they are whole. */
    #marks = false;
    #bytes = 0;
    /** Attachments that are still to come. */
    #attachments = 0;
    /** Whether those are thrown away, and then nothing but this name is told. */
    #oversized = false;
    #name = "";

    constructor() {
      super({ maxAttachments: MAX_ATTACHMENTS });
    }

    override add(data: unknown): void {
      if (typeof data === "string") this.#addText(data);
      else this.#addAttachment(data);
    }

    #addText(text: string): void {
      if (this.#attachments > 0) throw new Error("text came where an attachment was due");
      this.#header = undefined;
      const type = text.charCodeAt(0) - ZERO;
      if (type !== PacketType.EVENT && type !== PacketType.BINARY_EVENT) {
        // The parser takes an empty text and white space for CONNECT too.
        if (Number(text.charAt(0)) === PacketType.CONNECT && ++this.#connects > connectPackets)
          throw new Error("too many CONNECT packets");
        super.add(text);
        return;
      }
      const header = readHeader(text, type === PacketType.BINARY_EVENT);
      if (!namespaces.has(pathOf(header.namespace))) {
        super.add(text);
        return;
      }
      const json = text.slice(header.length);
      const bytes = Buffer.byteLength(json);
      const oversized = bytes > commandBytes;
      if (oversized && json[0] !== "[") throw new Error("invalid payload");
      if (type === PacketType.EVENT) {
        const data = oversized ? [eventName(json)] : parseEvent(json);
        this.#emit(header, data, { bytes, tooLarge: oversized, acknowledgement: header.acknowledgement });
        return;
      }
      this.#header = header;
      this.#bytes = bytes;
      this.#oversized = oversized;
      this.#name = eventName(json);
      this.#attachments = header.attachments;
      if (oversized) return;
      this.#markFirst();
      super.add(text);
    }

    #addAttachment(data: unknown): void {
      if (this.#attachments === 0 || this.#header === undefined) {
        super.add(data);
        return;
      }
      this.#attachments--;
      this.#bytes += attachmentBytes(data);
      if (!this.#oversized && this.#bytes > commandBytes) {
        this.#oversized = true;
        super.destroy();
      }
      if (!this.#oversized) super.add(data);
      else if (this.#attachments === 0) {
        const header = this.#header;
        this.#header = undefined;
        const { acknowledgement } = header;
        this.#emit(header, [this.#name], { bytes: this.#bytes, tooLarge: true, acknowledgement });
      }
    }

    #emit({ namespace: nsp }: Header, data: unknown[], measure: Measure): void {
      const { acknowledgement } = measure;
      if (acknowledgement !== undefined && !Number.isSafeInteger(acknowledgement))
        throw new Error("invalid acknowledgement id");
      (data as Measured)[MEASURE] = measure;
      this.emitReserved("decoded", { type: PacketType.EVENT, nsp, data });
    }

    /** Has whole packets with attachments looked at before Socket.IO hears of them. */
    #markFirst(): void {
      if (this.#marks) return;
      this.#marks = true;
      const others = [...this.listeners("decoded")];
      this.off("decoded");
      this.on("decoded", (packet: Packet) => this.#mark(packet));
      for (const other of others) this.on("decoded", other);
    }

    #mark(packet: Packet): void {
      if (this.#header === undefined || packet.type !== PacketType.EVENT) return;
      this.#header = undefined;
      const { id } = packet;
      if (id !== undefined && !Number.isSafeInteger(id)) throw new Error("invalid acknowledgement id");
      delete packet.id;
      if (!Array.isArray(packet.data)) throw new Error("invalid payload");
      const measure: Measure = { bytes: this.#bytes, tooLarge: false, acknowledgement: id };
      (packet.data as Measured)[MEASURE] = measure;
    }
  }

  return { Encoder, Decoder: MeasuringDecoder };
}

/** What stands before the JSON of an event. */
interface Header {
  readonly attachments: number;
  readonly namespace: string;
  readonly acknowledgement: number | undefined;
  /** Its own length in characters. */
  readonly length: number;
}

function readHeader(text: string, binary: boolean): Header {
  let at = 1;
  let attachments = 0;
  if (binary) {
    const end = digitsEnd(text, at);
    attachments = Number(text.slice(at, end));
    if (end === at || text[end] !== "-" || attachments < 1 || attachments > MAX_ATTACHMENTS)
      throw new Error("illegal attachments");
    at = end + 1;
  }
  let namespace = "/";
  if (text[at] === "/") {
    const comma = text.indexOf(",", at);
    namespace = comma === -1 ? text.slice(at) : text.slice(at, comma);
    at = comma === -1 ? text.length : comma + 1;
  }
  const end = digitsEnd(text, at);
  const acknowledgement = end === at ? undefined : Number(text.slice(at, end));
  return { attachments, namespace, acknowledgement, length: end };
}

function digitsEnd(text: string, from: number): number {
  let at = from;
  for (let code = text.charCodeAt(at); code >= ZERO && code <= ZERO + 9; code = text.charCodeAt(at)) at++;
  return at;
}

/** A namespace without the query that clients of Socket.IO 2 may put behind it. */
function pathOf(namespace: string): string {
  const query = namespace.indexOf("?");
  return query === -1 ? namespace : namespace.slice(0, query);
}

/** The arguments of an event, as Socket.IO's parser takes them. */
function parseEvent(json: string): unknown[] {
  let data: unknown;
  try {
    data = JSON.parse(json);
  } catch {
    throw new Error("invalid payload");
  }
  if (!Array.isArray(data)) throw new Error("invalid payload");
  const name: unknown = data[0];
  if (typeof name !== "number" && (typeof name !== "string" || RESERVED_EVENTS.has(name)))
    throw new Error("invalid payload");
  return data;
}

/** The first string of a JSON array of which only the beginning is looked at; empty where there is none. */
function eventName(json: string): string {
  const literal = NAME.exec(json.slice(0, NAME_WINDOW))?.[1];
  if (literal === undefined) return "";
  try {
    return String(JSON.parse(literal)).slice(0, LONGEST_NAME);
  } catch {
    return "";
  }
}

function attachmentBytes(data: unknown): number {
  if (ArrayBuffer.isView(data) || data instanceof ArrayBuffer) return data.byteLength;
  // Engine.IO 3 hands base64 over as it came.
  const text: unknown = typeof data === "object" && data !== null ? Reflect.get(data, "data") : undefined;
  return typeof text === "string" ? text.length : 0;
}

import type { Manager } from "socket.io-client";
import { byteLength } from "./json-text.ts";
import type { Direction, Log } from "./log.ts";

type Engine = Manager["engine"];

/** Engine.IO's packet types by the digit that stands before them on the wire. */
const DIGITS: Readonly<Record<string, string>> = {
  open: "0",
  close: "1",
  ping: "2",
  pong: "3",
  message: "4",
  upgrade: "5",
  noop: "6",
};

/** Longer than this, what is binary is cut where it is shown. */
const MOST_HEX = 1024;

export interface TapOptions {
  readonly log: Log;
  readonly transport: (name: string) => void;
  /** Told the engine's own id, which on long polling opens the connection to whoever knows it. */
  readonly secret: (text: string) => void;
  readonly now: () => number;
}

/** Writes down every packet of an engine, in both directions. To be called before anything comes in. */
export function tapEngine(engine: Engine, { log, transport, secret, now }: TapOptions): void {
  const note = (direction: Direction, packet: { type: string; data?: unknown }): void => {
    log.push({ at: now(), direction, name: "", ...describe(packet) });
  };
  const here = (text: string): void => log.push({ at: now(), direction: "here", name: "", text });
  engine.on("packet", (packet) => note("in", packet));
  engine.on("packetCreate", (packet) => note("out", packet));
  engine.on("handshake", ({ sid }) => secret(sid));
  engine.on("open", () => transport(engine.transport.name));
  engine.on("upgrading", ({ name }) => here(`upgrading: ${name}`));
  engine.on("upgrade", ({ name }) => {
    transport(name);
    here(`upgrade: ${name}`);
  });
  engine.on("upgradeError", (error) => here(`upgradeError: ${error.message}`));
  engine.on("close", (reason) => here(`close: ${reason}`));
}

/** A packet as it is on the wire, binary data as hexadecimal digits. */
function describe({ type, data }: { type: string; data?: unknown }): { text: string; bytes: number } {
  const bytes = toBytes(data);
  if (bytes !== undefined) {
    const hex = Array.from(bytes.subarray(0, MOST_HEX), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
    return { text: bytes.length > MOST_HEX ? `${hex} …` : hex, bytes: bytes.length };
  }
  const text = (DIGITS[type] ?? type) + (typeof data === "string" ? data : "");
  return { text, bytes: byteLength(text) };
}

/** What is binary as bytes. */
export function toBytes(data: unknown): Uint8Array | undefined {
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return undefined;
}

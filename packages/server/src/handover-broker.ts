import { MemoryBroker, type BrokerReader, type BrokerRecord, type MemoryBrokerOptions } from "@roomcast/core";
import { isChannelName, isEventName, isTenantId, isUserId } from "@roomcast/protocol";
import { constants, createReadStream, createWriteStream } from "node:fs";
import { access, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { z } from "zod";

export interface HandoverBrokerOptions extends MemoryBrokerOptions {
  /** Where the logs wait for the next process. Nobody else may write there: its content is published again. */
  readonly file: string;
  /** Told when the file could not be read or written; what was in it is lost then, and readers are told of a gap. */
  readonly failed?: (where: string, error: unknown) => void;
}

const HEADER = { roomcast: "history", version: 1 } as const;

const position = z.object({ epoch: z.string(), offset: z.int().min(0) });
const address = z.object({
  tenantId: z.custom<string>(isTenantId),
  name: z.custom<string>(isChannelName),
  userId: z.custom<string>(isUserId).optional(),
});
const publication = z.object({
  type: z.literal("publication"),
  address,
  id: z.string(),
  event: z.custom<string>(isEventName),
  data: z.json(),
  source: z.enum(["socket", "rest", "server", "resource", "direct"]),
  sender: z.object({ userId: z.string().nullable(), socketId: z.string().optional() }).optional(),
  form: z.string().optional(),
  timestamp: z.number(),
  position,
});
const record = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("log"),
    address,
    epoch: z.string(),
    top: z.int().min(0),
    keep: z.object({ size: z.int().min(0), seconds: z.number() }),
    touchedAt: z.number(),
    publications: z.array(publication),
  }),
  z.object({
    kind: z.literal("key"),
    once: z.object({ channel: z.string(), key: z.string(), sender: z.string() }),
    digest: z.string(),
    published: z.object({ id: z.string(), position: position.optional() }),
    at: z.number(),
  }),
]);
const footer = z.object({ records: z.int() });

/**
 * The memory broker of a process that will be followed by another: closing writes its logs to a file, and the next one's
 * start takes them from there. So a restart on one machine loses nothing that history keeps, without any server beside.
 *
 * The file is removed before the first publication: two processes that went on from it would give the same positions to
 * different events. A file that is not whole is not used at all.
 */
export class HandoverBroker extends MemoryBroker {
  readonly #file: string;
  readonly #failed: NonNullable<HandoverBrokerOptions["failed"]>;

  constructor(options: HandoverBrokerOptions) {
    super(options);
    this.#file = options.file;
    this.#failed = options.failed ?? (() => undefined);
  }

  /** Rejects where the file could not be written later. */
  override async start(nodeId: string, reader: BrokerReader): Promise<void> {
    await access(dirname(this.#file), constants.W_OK);
    try {
      for (const taken of await take(this.#file)) this.restore(taken);
    } catch (error) {
      this.#failed("reading the history file", error);
    }
    await super.start(nodeId, reader);
  }

  override async close(): Promise<void> {
    this.seal();
    try {
      await write(this.#file, this.records());
    } catch (error) {
      this.#failed("writing the history file", error);
    }
    await super.close();
  }
}

async function take(file: string): Promise<readonly BrokerRecord[]> {
  const taken = `${file}.taken`;
  try {
    // Of several processes that start at once, one gets it.
    await rename(file, taken);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  try {
    return await read(taken);
  } finally {
    await rm(taken, { force: true });
  }
}

async function read(file: string): Promise<readonly BrokerRecord[]> {
  const records: BrokerRecord[] = [];
  const lines: unknown[] = [];
  for await (const line of createInterface({ input: createReadStream(file, "utf8"), crlfDelay: Infinity })) {
    lines.push(JSON.parse(line));
  }
  if (JSON.stringify(lines[0]) !== JSON.stringify(HEADER)) throw new Error(`${file} is no history of this version`);
  for (const line of lines.slice(1, -1)) records.push(record.parse(line) as BrokerRecord);
  if (lines.length < 2 || footer.parse(lines.at(-1)).records !== records.length)
    throw new Error(`${file} is not whole`);
  return records;
}

async function write(file: string, records: Iterable<BrokerRecord>): Promise<void> {
  const unfinished = `${file}.new`;
  await pipeline(Readable.from(text(records)), createWriteStream(unfinished, { mode: 0o600 }));
  await rename(unfinished, file);
}

function* text(records: Iterable<BrokerRecord>): Generator<string> {
  yield `${JSON.stringify(HEADER)}\n`;
  let count = 0;
  for (const each of records) {
    count++;
    yield `${JSON.stringify(each)}\n`;
  }
  yield `${JSON.stringify({ records: count })}\n`;
}

import { createRequire } from "node:module";
import { createServer as createHttpServer, type Server as HttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { setImmediate as turn, setTimeout as delay } from "node:timers/promises";
import { Gateway, type Admission, type Connection, type EncodedFrame, type Session } from "@roomcast/core";
import fc from "fast-check";
import type { Socket } from "socket.io";
import { io as connectV4 } from "socket.io-client";
import { beforeAll, describe, expect, test } from "vitest";
import { createCertificate } from "../../test/certificate.ts";
import { openEndpoint, type Endpoint } from "./endpoint.ts";
import { Packet } from "./wire.ts";

/** Clients of Socket.IO 2 bring no types; what is used of them here is the same. */
const connectV2 = createRequire(import.meta.url)("socket.io-client-v2") as typeof connectV4;

// Whatever is mixed, and however it travels, each client sees all of it in the order in which the server said it.
// ROOMCAST_ORDER_RUNS=500 tries so many mixes of each setting.

interface Opened {
  readonly connection: Connection;
  readonly answers: ((args: readonly unknown[]) => void)[];
  /** What it is to hear, in the order in which it was said. */
  readonly expected: Expected[];
  socket?: Socket;
}

interface Expected {
  readonly seq: number;
  readonly mayBeLost: boolean;
}

/**
 * A gateway that hands out its connections and notes what it writes to them. It keeps what clients ask under the name `ask`
 * instead of answering; their other commands are carried out.
 */
class OpenGateway extends Gateway {
  readonly opened = new Map<string, Opened>();
  last: Opened | undefined;

  override open(connection: Connection, admission: Admission): Session {
    const opened: Opened = { connection, answers: [], expected: [] };
    const write = connection.write.bind(connection);
    connection.write = (frame: EncodedFrame): void => {
      const [, seq] = (frame instanceof Packet && /"seq":(\d+)/.exec(frame.text)) || [];
      if (seq !== undefined) opened.expected.push({ seq: Number(seq), mayBeLost: false });
      write(frame);
    };
    const session = super.open(connection, admission);
    this.last = opened;
    const receive = session.receive.bind(session);
    session.receive = (frame, info) => {
      if (frame[0] === "name") this.opened.set(String(frame[1]), opened);
      else if (frame[0] !== "ask") receive(frame, info);
      else if (info.acknowledge !== undefined) opened.answers.push(info.acknowledge);
    };
    return session;
  }
}

interface Item {
  readonly seq: number;
  readonly pad: string;
  readonly binary?: Uint8Array;
  readonly second?: Uint8Array;
}

interface Client {
  readonly name: string;
  readonly received: Item[];
  readonly subscribed: () => boolean;
  readonly upgraded: () => boolean;
  /** Whether its WebSocket has negotiated compression. */
  readonly compressed: () => boolean;
  readonly ended: () => boolean;
  readonly close: () => void;
}

type Peer = Required<Opened> & { readonly client: Client };

const KINDS = [
  "publication",
  "direct",
  "event",
  "answer",
  "own",
  "own binary",
  "volatile",
  "to all",
  "binary to all",
] as const;
const ANSWERS = 30;
/** Who follows what, of clients as bits: each follows several, and each is followed by several. */
const CHANNELS: readonly (readonly [name: string, followers: number])[] = [
  ["all", 0b111111],
  ["mixed", 0b101101],
  ["others", 0b011110],
];

const operation = fc.record({
  kind: fc.constantFrom(...KINDS),
  /** Which of the clients, or of the channels, as bits. */
  targets: fc.integer({ min: 1, max: 63 }),
  size: fc.oneof(
    { weight: 8, arbitrary: fc.nat(300) },
    { weight: 2, arbitrary: fc.nat(5000) },
    { weight: 1, arbitrary: fc.nat(300_000) },
  ),
  pause: fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }) }),
});
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

interface ClientOptions {
  readonly url: string;
  readonly version: 2 | 4;
  readonly transports: string[];
  readonly name: string;
  readonly topics: readonly string[];
}

function openClient({ url, version, transports, name, topics }: ClientOptions): Client {
  const settings = { transports, forceNew: true, rejectUnauthorized: false, reconnection: false };
  const socket = version === 4 ? connectV4(url, { ...settings, auth: { token: null } }) : connectV2(url, settings);
  const received: Item[] = [];
  let subscriptions = 0;
  let ended = false;
  socket.on("disconnect", () => (ended = true));
  socket.on("e", (item: Item) => received.push(item));
  socket.on("event", ({ payload }: { payload: Item }) => received.push(payload));
  socket.on("connect", () => {
    socket.emit("name", name);
    // Twice each, under ids and filters of their own: an event comes once.
    for (const topic of topics) {
      for (const filter of [undefined, {}]) {
        socket.emit("subscribe", { topic, filter }, ({ ok }: { ok: boolean }) => (subscriptions += ok ? 1 : 0));
      }
    }
    for (let i = 0; i < ANSWERS; i++) socket.emit("ask", (item: Item) => received.push(item));
  });
  const wanted = transports.at(-1);
  return {
    name,
    received,
    subscribed: () => subscriptions === 2 * topics.length,
    upgraded: () => engineOf(socket)?.transport?.name === wanted,
    compressed: () => engineOf(socket)?.transport?.ws?.extensions.includes("permessage-deflate") === true,
    ended: () => ended,
    close: () => socket.disconnect(),
  };
}

interface ClientEngine {
  readonly transport?: { readonly name: string; readonly ws?: { readonly extensions: string } };
}

function engineOf(socket: object): ClientEngine | undefined {
  return (socket as { io: { engine?: ClientEngine } }).io.engine;
}

async function until(condition: () => boolean, what: () => string): Promise<void> {
  for (let waited = 0; !condition(); waited += 5) {
    if (waited > 10_000) throw new Error(what());
    await delay(5);
  }
}

let certificate: ReturnType<typeof createCertificate>;

beforeAll(() => {
  certificate = createCertificate();
});

interface Setting {
  readonly tls: boolean;
  readonly perMessageDeflate: boolean;
}

async function withServer(
  setting: Setting,
  run: (server: { upgrade: () => void; url: string; gateway: OpenGateway; endpoint: Endpoint }) => Promise<void>,
): Promise<void> {
  const httpServer: HttpServer = setting.tls ? createHttpsServer(certificate) : createHttpServer();
  const gateway = new OpenGateway({
    auth: {
      authenticate: () =>
        Promise.resolve({ principal: { userId: null, tenantId: "default", roles: [], grants: {}, anonymous: true } }),
    },
    channels: [{ match: "{name}", subscribe: "anyone", keep: false }],
    limits: { backlogBytes: 64 * 1024 * 1024, handshakesPerSecondPerAddress: 0 },
  });
  const endpoint = openEndpoint({ httpServer, gateway, allowEIO3: true, perMessageDeflate: setting.perMessageDeflate });
  endpoint.io.on("connection", (socket) => {
    if (gateway.last !== undefined) gateway.last.socket = socket;
  });
  // Upgrades begin when a test says so.
  let upgrade = (): void => {};
  const mayUpgrade = new Promise<void>((resolve) => (upgrade = resolve));
  const [mounted] = httpServer.listeners("upgrade");
  httpServer.removeAllListeners("upgrade");
  httpServer.on("upgrade", (request, socket, head) => {
    const isFirst = request.url?.includes("sid=") !== true;
    void (isFirst ? Promise.resolve() : mayUpgrade).then(() => mounted?.(request, socket, head));
  });
  await new Promise<void>((resolve) => httpServer.listen(0, "127.0.0.1", resolve));
  const { port } = httpServer.address() as AddressInfo;
  try {
    await run({ upgrade, url: `${setting.tls ? "https" : "http"}://127.0.0.1:${port}`, gateway, endpoint });
  } finally {
    await endpoint.close();
    httpServer.closeAllConnections();
    httpServer.close();
    await gateway.close();
  }
}

/** What one run works with. */
interface World {
  readonly peers: readonly Peer[];
  readonly endpoint: Endpoint;
  readonly gateway: Gateway;
  /** The size of each item, by its number. */
  readonly sizes: number[];
  /** Of what goes through the gateway: its number, and the clients that are to have it, as bits. */
  readonly owed: { readonly seq: number; readonly clients: number }[];
  /** What the gateway has been asked to send. */
  readonly sending: Promise<unknown>[];
}

/** Does one operation. What goes through the gateway is expected when it is written, all else at once. */
function perform({ kind, targets, size }: Operation, world: World): void {
  const { peers, endpoint, gateway, sizes, owed, sending } = world;
  const number = (): number => sizes.push(size) - 1;
  const text = (seq: number): Item => ({ seq, pad: "é".repeat(size / 2) });
  // Two attachments: what slips in between them breaks the client's decoder.
  const binary = (seq: number): Item => ({
    seq,
    pad: "",
    binary: Buffer.alloc(size, seq),
    second: Buffer.from([seq & 255]),
  });
  if (kind === "publication") {
    for (const [index, [name, clients]] of CHANNELS.entries()) {
      if ((targets & (1 << index)) === 0) continue;
      const seq = number();
      owed.push({ seq, clients });
      sending.push(gateway.publish({ tenantId: "default", name }, "e", text(seq)));
    }
    return;
  }
  const seq = number();
  if (kind === "to all" || kind === "binary to all") {
    for (const peer of peers) peer.expected.push({ seq, mayBeLost: false });
    endpoint.io.emit("e", kind === "to all" ? text(seq) : binary(seq));
    return;
  }
  if (kind === "direct") owed.push({ seq, clients: targets });
  const chosen = peers.filter((_, index) => (targets & (1 << index)) !== 0);
  const frame = peers[0]?.connection.wire.encode(["e", text(seq)]);
  for (const { connection, answers, socket, expected } of chosen) {
    if (kind === "event") {
      if (frame !== undefined) connection.write(frame);
      continue;
    }
    if (kind === "direct") {
      sending.push(gateway.direct("default", { socketId: connection.id }, "e", text(seq)));
      continue;
    }
    if (kind === "answer") {
      const answer = answers.shift();
      if (answer === undefined) continue;
      answer([text(seq)]);
    } else if (kind === "volatile") {
      socket.volatile.emit("e", text(seq));
    } else {
      socket.emit("e", kind === "own" ? text(seq) : binary(seq));
    }
    expected.push({ seq, mayBeLost: kind === "volatile" });
  }
}

function check({ client, expected }: Peer, index: number, { sizes, owed }: World): void {
  const seqs = client.received.map(({ seq }) => seq);
  const sent = new Set(owed.map(({ seq }) => seq));
  const mine = owed.filter(({ clients }) => (clients & (1 << index)) !== 0).map(({ seq }) => seq);
  expect(
    seqs.filter((seq) => sent.has(seq)).sort((a, b) => a - b),
    `${client.name}: publications and direct messages`,
  ).toEqual(mine);
  const got = new Set(seqs);
  const due = expected.filter(({ seq, mayBeLost }) => !mayBeLost || got.has(seq)).map(({ seq }) => seq);
  expect(seqs, client.name).toEqual(due);
  for (const { seq, pad, binary, second } of client.received) {
    const size = sizes[seq] ?? -1;
    if (binary === undefined) {
      expect(pad === "é".repeat(size / 2), `${client.name}: text`).toBe(true);
    } else {
      expect(Buffer.alloc(size, seq).equals(binary), `${client.name}: bytes`).toBe(true);
      expect(second?.[0]).toBe(seq & 255);
    }
  }
}

const CLIENTS = ([4, 2] as const).flatMap((version) =>
  [["websocket"], ["polling"], ["polling", "websocket"]].map((transports) => ({
    version,
    transports,
    name: `${version} ${transports.join(" then ")}`,
  })),
);

const RUNS = process.env["ROOMCAST_ORDER_RUNS"];

describe.each<Setting & { runs: number }>([
  { tls: false, perMessageDeflate: false, runs: 16 },
  { tls: true, perMessageDeflate: false, runs: 8 },
  { tls: false, perMessageDeflate: true, runs: 8 },
])("tls $tls, deflate $perMessageDeflate", ({ runs, ...setting }) => {
  test("everything arrives in order", { timeout: RUNS === undefined ? 60_000 : 3_600_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 20, maxLength: 60 }), async (operations) => {
        await withServer(setting, async ({ url, upgrade, gateway, endpoint }) => {
          const clients = CLIENTS.map((options, index) => {
            const followed = CHANNELS.filter(([, followers]) => (followers & (1 << index)) !== 0);
            return openClient({ url, ...options, topics: followed.map(([name]) => name) });
          });
          const ready = (name: string): boolean => (gateway.opened.get(name)?.answers.length ?? 0) === ANSWERS;
          await until(
            () => clients.every(({ name, subscribed }) => subscribed() && ready(name)),
            () => "not all are connected",
          );
          const peers = clients.map((client): Peer => {
            const opened = gateway.opened.get(client.name);
            if (opened?.socket === undefined) throw new Error("not opened");
            return { ...opened, socket: opened.socket, client };
          });
          const world: World = { peers, endpoint, gateway, sizes: [], owed: [], sending: [] };
          const round = async (list: readonly Operation[]): Promise<void> => {
            for (const one of list) {
              perform(one, world);
              for (let i = 0; i < one.pause; i++) await turn();
            }
          };
          // Just when an upgrade is told of, Engine.IO still holds what it is about to write.
          for (const [index, { socket }] of peers.entries()) {
            socket.conn.once("upgrade", () =>
              perform({ kind: "event", targets: 1 << index, size: 10, pause: 0 }, world),
            );
          }
          const half = Math.floor(operations.length / 2);
          await round(operations.slice(0, half));
          upgrade();
          await round(operations.slice(half));
          const small = operations.filter(({ size }) => size < 300);
          for (let i = 0; !clients.every(({ upgraded }) => upgraded()); i++) {
            await round(small.slice(i % small.length, (i % small.length) + 1));
            await turn();
          }
          for (const { name, compressed } of clients) {
            expect(compressed(), name).toBe(setting.perMessageDeflate && name.endsWith("websocket"));
          }
          await round(operations);
          await Promise.all(world.sending);
          perform({ kind: "event", targets: 63, size: 0, pause: 0 }, world);
          await until(
            () =>
              peers.every(
                ({ client, expected }) => client.ended() || client.received.at(-1)?.seq === expected.at(-1)?.seq,
              ),
            () =>
              peers
                .map(({ client, expected }) => `${client.name}: ${client.received.length} of ${expected.length}`)
                .join("; "),
          );
          for (const [index, peer] of peers.entries()) check(peer, index, world);
          for (const client of clients) client.close();
        });
      }),
      { numRuns: RUNS === undefined ? runs : Number(RUNS), endOnFailure: true },
    );
  });
});

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer as createHttpServer, type Server as HttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn, setTimeout as delay } from "node:timers/promises";
import { Gateway, type Admission, type Connection, type Session } from "@roomcast/core";
import fc from "fast-check";
import type { Socket } from "socket.io";
import { io as connectV4 } from "socket.io-client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openEndpoint, type Endpoint } from "./endpoint.ts";

/** Clients of Socket.IO 2 bring no types; what is used of them here is the same. */
const connectV2 = createRequire(import.meta.url)("socket.io-client-v2") as typeof connectV4;

// Whatever is mixed, and however it travels, each client sees all of it in the order in which the server said it.

interface Opened {
  readonly connection: Connection;
  readonly answers: ((args: readonly unknown[]) => void)[];
  socket?: Socket;
}

/** A gateway that hands out its connections, and keeps what clients ask instead of answering. */
class OpenGateway extends Gateway {
  readonly opened = new Map<string, Opened>();
  last: Opened | undefined;

  override open(connection: Connection, admission: Admission): Session {
    const session = super.open(connection, admission);
    const opened: Opened = { connection, answers: [] };
    this.last = opened;
    session.receive = (frame, { acknowledge }) => {
      if (frame[0] === "name") this.opened.set(String(frame[1]), opened);
      if (acknowledge !== undefined) opened.answers.push(acknowledge);
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
  readonly upgraded: () => boolean;
  readonly ended: () => boolean;
  readonly close: () => void;
}

interface Peer {
  readonly client: Client;
  readonly connection: Connection;
  readonly answers: ((args: readonly unknown[]) => void)[];
  readonly socket: Socket;
  readonly expected: { readonly seq: number; readonly size: number; readonly mayBeLost: boolean }[];
}

const KINDS = ["event", "answer", "own", "own binary", "volatile", "to all", "binary to all"] as const;
const ANSWERS = 30;

const operation = fc.record({
  kind: fc.constantFrom(...KINDS),
  /** Which of the clients, as bits. */
  targets: fc.integer({ min: 1, max: 63 }),
  size: fc.oneof(
    { weight: 8, arbitrary: fc.nat(300) },
    { weight: 2, arbitrary: fc.nat(5000) },
    { weight: 1, arbitrary: fc.nat(300_000) },
  ),
  pause: fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }) }),
});
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

function openClient(options: { url: string; version: 2 | 4; transports: string[]; name: string }): Client {
  const { url, version, transports, name } = options;
  const settings = { transports, forceNew: true, rejectUnauthorized: false, reconnection: false };
  const socket = version === 4 ? connectV4(url, { ...settings, auth: { token: null } }) : connectV2(url, settings);
  const received: Item[] = [];
  let ended = false;
  socket.on("disconnect", () => (ended = true));
  socket.on("e", (item: Item) => received.push(item));
  socket.on("connect", () => {
    socket.emit("name", name);
    for (let i = 0; i < ANSWERS; i++) socket.emit("ask", (item: Item) => received.push(item));
  });
  const wanted = transports.at(-1);
  return {
    name,
    received,
    upgraded: () => engineOf(socket)?.transport?.name === wanted,
    ended: () => ended,
    close: () => socket.disconnect(),
  };
}

function engineOf(socket: object): { transport?: { name: string } } | undefined {
  return (socket as { io: { engine?: { transport?: { name: string } } } }).io.engine;
}

async function until(condition: () => boolean, what: () => string): Promise<void> {
  for (let waited = 0; !condition(); waited += 5) {
    if (waited > 10_000) throw new Error(what());
    await delay(5);
  }
}

let directory: string;
let certificate: { key: Buffer; cert: Buffer };

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "roomcast-tls-"));
  const [key, cert] = [join(directory, "key.pem"), join(directory, "cert.pem")];
  const request = [
    "req",
    "-x509",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-days",
    "1",
    "-subj",
    "/CN=localhost",
    "-keyout",
    key,
    "-out",
    cert,
  ];
  execFileSync("openssl", request, { stdio: "ignore" });
  certificate = { key: readFileSync(key), cert: readFileSync(cert) };
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

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

/** Does one operation; everything that a client is to see gets the next number. */
function perform(operation: Operation, seq: number, peers: readonly Peer[], endpoint: Endpoint): void {
  const { kind, targets, size } = operation;
  const item: Item = { seq, pad: "é".repeat(size / 2) };
  // Two attachments: what slips in between them breaks the client's decoder.
  const binary: Item = { seq, pad: "", binary: Buffer.alloc(size, seq), second: Buffer.from([seq & 255]) };
  if (kind === "to all" || kind === "binary to all") {
    for (const peer of peers) peer.expected.push({ seq, size, mayBeLost: false });
    endpoint.io.emit("e", kind === "to all" ? item : binary);
    return;
  }
  const chosen = peers.filter((_, index) => (targets & (1 << index)) !== 0);
  const frame = peers[0]?.connection.wire.encode(["e", item]);
  for (const peer of chosen) {
    if (kind === "answer") {
      const answer = peer.answers.shift();
      if (answer === undefined) continue;
      answer([item]);
    } else if (kind === "event") {
      if (frame !== undefined) peer.connection.write(frame);
    } else if (kind === "volatile") {
      peer.socket.volatile.emit("e", item);
    } else {
      peer.socket.emit("e", kind === "own" ? item : binary);
    }
    peer.expected.push({ seq, size, mayBeLost: kind === "volatile" });
  }
}

function check({ client, expected }: Peer): void {
  const sizes = new Map(expected.map(({ seq, size }) => [seq, size]));
  const seqs = client.received.map(({ seq }) => seq);
  expect(seqs, client.name).toEqual([...seqs].sort((a, b) => a - b));
  const got = new Set(seqs);
  expect(got.size, `${client.name}: each once`).toBe(seqs.length);
  expect(
    expected.filter(({ seq, mayBeLost }) => !mayBeLost && !got.has(seq)),
    `${client.name}: lost`,
  ).toEqual([]);
  for (const { seq, pad, binary, second } of client.received) {
    const size = sizes.get(seq) ?? -1;
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

describe.each<Setting & { runs: number }>([
  { tls: false, perMessageDeflate: false, runs: 16 },
  { tls: true, perMessageDeflate: false, runs: 8 },
  { tls: false, perMessageDeflate: true, runs: 8 },
])("tls $tls, deflate $perMessageDeflate", ({ runs, ...setting }) => {
  test("everything arrives in order", { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 20, maxLength: 60 }), async (operations) => {
        await withServer(setting, async ({ url, upgrade, gateway, endpoint }) => {
          const clients = CLIENTS.map((options) => openClient({ url, ...options }));
          const ready = (name: string): boolean => (gateway.opened.get(name)?.answers.length ?? 0) === ANSWERS;
          await until(
            () => clients.every(({ name }) => ready(name)),
            () => "not all are connected",
          );
          const peers = clients.map((client): Peer => {
            const { connection, answers, socket } = gateway.opened.get(client.name) ?? {};
            if (connection === undefined || answers === undefined || socket === undefined)
              throw new Error("not opened");
            return { client, connection, answers, socket, expected: [] };
          });
          let seq = 0;
          const round = async (list: readonly Operation[]): Promise<void> => {
            for (const one of list) {
              perform(one, seq++, peers, endpoint);
              for (let i = 0; i < one.pause; i++) await turn();
            }
          };
          // Just when an upgrade is told of, Engine.IO still holds what it is about to write.
          for (const [index, { socket }] of peers.entries()) {
            socket.conn.once("upgrade", () =>
              perform({ kind: "event", targets: 1 << index, size: 10, pause: 0 }, seq++, peers, endpoint),
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
          await round(operations);
          for (const { connection, expected } of peers) {
            const end = { seq: seq++, size: 0, mayBeLost: false };
            connection.write(connection.wire.encode(["e", { seq: end.seq, pad: "" }]));
            expected.push(end);
          }
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
          for (const peer of peers) check(peer);
          for (const client of clients) client.close();
        });
      }),
      { numRuns: runs, endOnFailure: true },
    );
  });
});

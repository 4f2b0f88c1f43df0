import { bindRealtime } from "@roomcast/core/crud";
import type { Socket } from "socket.io-client";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { CONNECT } from "./client.ts";
import { accessToken, MessageService, startNodes, type ServiceNodes } from "./nodes.ts";

/** The tokens that the document shows. */
const SAMPLE_LOGIN =
  "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJfaWQiOjEsImlhdCI6MTYwMzE5ODkzMn0.NvQoV9KeWuTNzRvzqbJ5uZCQ8Nmi2rCYQzcKk-WsJJ8";
const SAMPLE_ROOM = "twake";

let nodes: ServiceNodes;
let service: MessageService;
const sockets: Socket[] = [];

beforeAll(async () => {
  nodes = await startNodes();
  service = bindRealtime(new MessageService(), nodes.one.gateway);
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.disconnect();
});
afterAll(() => nodes.close());

async function roomToken(room: string): Promise<string> {
  return (await nodes.one.roomcast.roomToken({ tenantId: "default", userId: "ann", room })).token;
}

/** The client as the document writes it, call for call: what it logs is kept. */
function documentClient(version: 2 | 4, token: string, room: { readonly name: string; readonly token: string }) {
  const log: unknown[][] = [];
  const io = CONNECT[version];
  const socket = io(nodes.clients.url, { path: "/socket", forceNew: true, reconnection: false });
  sockets.push(socket);
  socket.on("connect", () => {
    socket
      .emit("authenticate", { token })
      .on("authenticated", (...args: unknown[]) => {
        log.push(["User Authenticated", ...args]);

        socket.emit("realtime:join", room);
        socket.on("realtime:join:error", (message: unknown) => log.push(["Error on join", message]));
        socket.on("realtime:join:success", ({ name }: { name: string }) =>
          log.push(["Successfully joined room", name]),
        );

        socket.on("realtime:resource", (event: { action: string; resource: unknown }) =>
          log.push([`Resource has been ${event.action}`, event.resource]),
        );

        socket.on("realtime:leave:error", (message: unknown) => log.push(["Error on leave", message]));
        socket.on("realtime:leave:success", ({ name }: { name: string }) => log.push(["Successfully left room", name]));
      })
      .on("unauthorized", (err: unknown) => log.push(["User is not authorized", err]));
  });
  socket.on("disconnect", () => log.push(["Disconnected"]));
  return { socket, log };
}

describe.each([2, 4] as const)("the client of the document, with socket.io-client %i", (version) => {
  it("authenticates, joins, hears of resources, leaves", async () => {
    const room = { name: "/messages", token: await roomToken("/messages") };
    const { socket, log } = documentClient(version, accessToken("ann"), room);
    await expect.poll(() => log).toEqual([["User Authenticated"], ["Successfully joined room", "/messages"]]);
    const message = { id: `document-${version}`, text: "hello" };
    await service.create(message);
    await expect.poll(() => log.at(-1)).toEqual(["Resource has been created", message]);
    await service.delete(message.id);
    await expect.poll(() => log.at(-1)).toEqual(["Resource has been deleted", message]);
    socket.emit("realtime:leave", { name: "/messages" });
    await expect.poll(() => log.at(-1)).toEqual(["Successfully left room", "/messages"]);
    // Asking to leave a room which has not been joined will not fire any error.
    socket.emit("realtime:leave", { name: "/channels" });
    await expect.poll(() => log.at(-1)).toEqual(["Successfully left room", "/channels"]);
    // What happens in a room that was left is not heard of.
    await service.create(message);
    socket.emit("realtime:leave", { name: "/channels/2" });
    await expect.poll(() => log.at(-1)).toEqual(["Successfully left room", "/channels/2"]);
    expect(log).toHaveLength(7);
    expect(socket.connected).toBe(true);
  });

  it("is refused with the document's token", async () => {
    const { socket, log } = documentClient(version, SAMPLE_LOGIN, { name: "/channels", token: SAMPLE_ROOM });
    await expect
      .poll(() => log)
      .toEqual([
        ["User is not authorized", { err: { name: "JsonWebTokenError", message: "invalid signature" } }],
        ["Disconnected"],
      ]);
    expect(socket.connected).toBe(false);
  });

  it("does not join with the document's room token", async () => {
    const { log } = documentClient(version, accessToken("ann"), { name: "/channels", token: SAMPLE_ROOM });
    const text = "User is not authorized to join room";
    await expect
      .poll(() => log)
      .toEqual([["User Authenticated"], ["Error on join", { name: "/channels", error: text, message: text }]]);
  });
});

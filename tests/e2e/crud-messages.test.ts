import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { io, type Socket } from "socket.io-client";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { SECRET, until } from "./node.ts";

// The example as its users have it: a process, HTTP, and the clients of the languages that it speaks.
const MAIN = fileURLToPath(new URL("../../examples/crud-messages/dist/main.js", import.meta.url));
const ioV2 = createRequire(import.meta.url)("socket.io-client-v2") as typeof io;

class Example {
  readonly #child: ChildProcess;
  #output = "";
  url = "";

  constructor(file: string) {
    const { PATH = "" } = process.env;
    const env = { PATH, PORT: "0", MESSAGES_FILE: file, ROOMCAST_JWT_SECRET: SECRET };
    this.#child = spawn(process.execPath, [MAIN], { env, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => (this.#output += text));
    }
  }

  async started(): Promise<void> {
    const address = /http:\/\/127\.0\.0\.1:\d+/;
    await until(
      () => this.#child.exitCode !== null || address.test(this.#output),
      () => "the example listens",
    );
    const [url] = address.exec(this.#output) ?? [];
    if (url === undefined) throw new Error(`It ended:\n${this.#output}`);
    this.url = url;
  }

  async stop(): Promise<number | null> {
    if (this.#child.exitCode === null) {
      const ended = once(this.#child, "exit");
      this.#child.kill("SIGTERM");
      await ended;
    }
    return this.#child.exitCode;
  }

  async call(method: string, path: string, options: { token?: string; body?: unknown; text?: string } = {}) {
    const { token, body, text = body === undefined ? null : JSON.stringify(body) } = options;
    const response = await fetch(`${this.url}${path}`, {
      method,
      body: text,
      headers: {
        ...(text === null ? undefined : { "content-type": "application/json" }),
        ...(token === undefined ? undefined : { authorization: `Bearer ${token}` }),
      },
    });
    const answer = await response.text();
    const json = response.headers.get("content-type")?.startsWith("application/json") === true;
    return {
      status: response.status,
      headers: response.headers,
      body: (json ? JSON.parse(answer) : answer) as unknown,
    };
  }

  async login(userId: string, tenantId?: string): Promise<Login> {
    const { body } = await this.call("POST", "/login", { body: { userId, tenantId } });
    return body as Login;
  }
}

interface Login {
  readonly token: string;
  readonly rooms: readonly { readonly room: string; readonly token: string }[];
}

interface Message {
  readonly id: number;
}

let folder: string;
let example: Example;
const sockets: { disconnect(): unknown }[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "roomcast-"));
  example = new Example(join(folder, "messages.db"));
  await example.started();
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.disconnect();
});
afterAll(async () => {
  await example.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Joins the room of messages as the document's client does, and records what it hears of resources. */
async function joinAsTwake({ token, rooms }: Login, connect = io, roomToken = rooms[0]?.token): Promise<unknown[]> {
  const heard: unknown[] = [];
  const socket = connect(example.url, { path: "/socket", forceNew: true });
  sockets.push(socket);
  socket.on("realtime:resource", (event: unknown) => heard.push(event));
  socket.on("connect", () => socket.emit("authenticate", { token }));
  socket.on("authenticated", () => socket.emit("realtime:join", { name: "/messages", token: roomToken }));
  await new Promise<void>((resolve, reject) => {
    socket.on("realtime:join:success", () => resolve());
    socket.on("realtime:join:error", ({ error }: { error: string }) => reject(new Error(error)));
    socket.on("unauthorized", reject);
  });
  return heard;
}

async function subscribeAsNative({ token, rooms }: Login): Promise<{ socket: Socket; heard: unknown[] }> {
  const heard: unknown[] = [];
  const socket = io(example.url, { auth: { token }, forceNew: true });
  sockets.push(socket);
  socket.on("event", ({ event, payload, source }) => heard.push({ event, payload, source }));
  expect(await socket.emitWithAck("subscribe", { topic: "/messages", token: rooms[0]?.token })).toMatchObject({
    ok: true,
  });
  return { socket, heard };
}

it("tells everybody who looks on of a message that is written, changed and deleted over HTTP", async () => {
  const alice = await example.login("alice");
  const bob = await example.login("bob");
  const twake = await joinAsTwake(bob);
  const version2 = await joinAsTwake(bob, ioV2);
  const author = await joinAsTwake(alice);
  const { heard: native } = await subscribeAsNative(bob);
  const elsewhere = await joinAsTwake(await example.login("bob", "elsewhere"));

  const created = await example.call("POST", "/messages", { token: alice.token, body: { text: "Hello" } });
  expect(created.status).toBe(201);
  const { id } = created.body as Message;
  const path = `/messages/${id}`;
  expect(created.headers.get("location")).toBe(path);
  expect(created.body).toEqual({ id, text: "Hello", author: "alice", createdAt: expect.any(String) });
  expect((await example.call("GET", path, { token: bob.token })).body).toEqual(created.body);

  const changed = await example.call("PATCH", path, { token: alice.token, body: { text: "Hello, all" } });
  expect(changed).toMatchObject({ status: 200, body: { ...(created.body as Message), text: "Hello, all" } });
  expect((await example.call("DELETE", path, { token: alice.token })).status).toBe(204);
  expect((await example.call("GET", path, { token: bob.token })).status).toBe(404);

  const events = [
    { action: "created", resource: created.body },
    { action: "updated", resource: changed.body },
    { action: "deleted", resource: changed.body },
  ];
  const all = [twake, version2, author, native];
  await until(
    () => all.every((heard) => heard.length >= events.length),
    () => `${JSON.stringify(all)}`,
  );
  for (const heard of [twake, version2, author]) {
    expect(heard).toEqual(events.map((event) => ({ ...event, room: "/messages", type: "message", path })));
  }
  expect(native).toEqual(
    events.map(({ action, resource }) => ({
      event: action,
      payload: { type: "message", path, resource },
      source: "resource",
    })),
  );
  // Another tenant's message comes after these, if these came at all.
  const other = await example.login("carol", "elsewhere");
  await example.call("POST", "/messages", { token: other.token, body: { text: "Here" } });
  await until(
    () => elsewhere.length > 0,
    () => "the other tenant hears its own",
  );
  expect(elsewhere).toMatchObject([{ action: "created", resource: { text: "Here", author: "carol" } }]);
  expect(twake).toHaveLength(events.length);
});

it("opens the room to its token only", async () => {
  const alice = await example.login("alice");
  const bob = await example.login("bob");
  const others = [bob.rooms[0]?.token, "twake", alice.token, "", undefined];
  for (const token of others) {
    await expect(joinAsTwake(alice, io, token ?? "")).rejects.toThrow("User is not authorized to join room");
  }
  const socket = io(example.url, { auth: { token: alice.token }, forceNew: true });
  sockets.push(socket);
  expect(await socket.emitWithAck("subscribe", { topic: "/messages" })).toMatchObject({ error: { code: "FORBIDDEN" } });
});

describe("what is refused changes nothing and is told to nobody", () => {
  it.each<{
    readonly what: string;
    readonly method: string;
    readonly path?: string;
    readonly text?: string;
    readonly status: number;
  }>([
    { what: "no JSON", method: "POST", path: "/messages", text: "{", status: 400 },
    { what: "an array", method: "POST", path: "/messages", text: "[]", status: 400 },
    { what: "no text", method: "POST", path: "/messages", text: "{}", status: 400 },
    { what: "white space", method: "POST", path: "/messages", text: '{"text":" "}', status: 400 },
    { what: "a text that is none", method: "POST", path: "/messages", text: '{"text":{}}', status: 400 },
    {
      what: "a long text",
      method: "POST",
      path: "/messages",
      text: JSON.stringify({ text: "x".repeat(2001) }),
      status: 400,
    },
    {
      what: "a large body",
      method: "POST",
      path: "/messages",
      text: JSON.stringify({ text: "x".repeat(70_000) }),
      status: 413,
    },
    { what: "somebody else's message", method: "PATCH", text: '{"text":"Mine"}', status: 403 },
    { what: "to delete somebody else's", method: "DELETE", status: 403 },
    { what: "a message that is not there", method: "PATCH", path: "/messages/999", text: '{"text":"x"}', status: 404 },
    { what: "an id that is none", method: "DELETE", path: "/messages/1%20OR%201=1", status: 404 },
    { what: "a limit that is none", method: "GET", path: "/messages?limit=-1", status: 400 },
    { what: "a page that is none", method: "GET", path: "/messages?page_token=x'", status: 400 },
  ])("$what", async ({ method, path, text, status }) => {
    const alice = await example.login("alice");
    const bob = await example.login("bob");
    const { body } = await example.call("POST", "/messages", { token: alice.token, body: { text: "Alice's" } });
    const heard = await joinAsTwake(bob);
    const own = `/messages/${(body as Message).id}`;
    const answer = await example.call(method, path ?? own, {
      token: bob.token,
      ...(text === undefined ? undefined : { text }),
    });
    expect(answer).toMatchObject({ status, body: { error: expect.any(String) } });
    expect((await example.call("GET", own, { token: bob.token })).body).toEqual(body);
    await example.call("DELETE", own, { token: alice.token });
    await until(
      () => heard.length > 0,
      () => "the deletion",
    );
    expect(heard).toMatchObject([{ action: "deleted", path: own }]);
  });

  it("without a token, or with a room's", async () => {
    const { rooms } = await example.login("alice");
    for (const options of [{}, { token: "forged" }, { token: rooms[0]?.token ?? "" }]) {
      expect((await example.call("GET", "/messages", options)).status).toBe(401);
    }
    expect((await example.call("POST", "/login", { body: { userId: "a b" } })).status).toBe(400);
    expect((await example.call("POST", "/login", { body: { userId: "a", tenantId: "" } })).status).toBe(400);
  });

  it("another tenant's message is not there", async () => {
    const alice = await example.login("alice");
    const namesake = await example.login("alice", "elsewhere");
    const { body } = await example.call("POST", "/messages", { token: alice.token, body: { text: "Ours" } });
    const path = `/messages/${(body as Message).id}`;
    for (const method of ["GET", "DELETE"]) {
      expect((await example.call(method, path, { token: namesake.token })).status).toBe(404);
    }
    expect((await example.call("GET", path, { token: alice.token })).status).toBe(200);
  });
});

it("lists page by page, in both directions, and keeps the messages over a restart", async () => {
  const { token } = await example.login("dora", "pages");
  for (const text of ["one", "two", "three"]) await example.call("POST", "/messages", { token, body: { text } });
  const page = async (
    query: string,
  ): Promise<{ readonly texts: readonly string[]; readonly next: string | undefined }> => {
    const { body } = await example.call("GET", `/messages?${query}`, { token });
    const { messages, next_page_token: next } = body as { messages: { text: string }[]; next_page_token?: string };
    return { texts: messages.map(({ text }) => text), next };
  };
  const first = await page("limit=2");
  expect(first.texts).toEqual(["one", "two"]);
  expect(await page(`limit=2&page_token=${first.next}`)).toEqual({ texts: ["three"], next: undefined });
  const last = await page("limit=2&reversed=true");
  expect(last.texts).toEqual(["three", "two"]);
  expect((await page(`limit=2&reversed=true&page_token=${last.next}`)).texts).toEqual(["one"]);

  expect(await example.stop()).toBe(0);
  example = new Example(join(folder, "messages.db"));
  await example.started();
  expect((await page("")).texts).toEqual(["one", "two", "three"]);
});

it("serves the page, and the client that the page loads", async () => {
  const { body } = await example.call("GET", "/");
  const sources = [...(body as string).matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path]) => path ?? "");
  expect(sources).toEqual(["/page.css", "/socket.io-client.js", "/page.js"]);
  for (const path of sources) expect((await example.call("GET", path)).status).toBe(200);
});

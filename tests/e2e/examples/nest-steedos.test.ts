import { fileURLToPath } from "node:url";
import { io, type Socket } from "socket.io-client";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Program } from "../../cli/program.ts";
import { until } from "../node.ts";

const MAIN = fileURLToPath(new URL("../../../examples/nest-steedos/dist/main.js", import.meta.url));

/** What a page of the Steedos Server's client does, as its documentation has it. Knows nothing of Roomcast. */
class SteedosPage {
  readonly heard: (readonly [event: string, ...args: readonly unknown[]])[] = [];
  readonly socket: Socket;

  constructor(url: string, cookie: string) {
    const socket = io(url, { path: "/socket.io/", extraHeaders: { cookie }, forceNew: true });
    this.socket = socket;
    socket.onAny((event: string, ...args: unknown[]) => this.heard.push([event, ...args]));
    socket.on("connection-init", () => {
      // Individual, shared, and one record.
      socket.emit("subscribe", { roomParts: "notification-change", individual: true });
      socket.emit("subscribe", { roomParts: ["orders", "notifications"], individual: false });
      socket.emit("subscribe", { roomParts: "record:orders:change-7", individual: false });
    });
  }

  of(event: string): readonly (readonly unknown[])[] {
    return this.heard.filter(([name]) => name === event).map(([, ...args]) => args);
  }

  /** Everything that it sent before has been done. */
  async settled(): Promise<void> {
    await until(
      () => this.of("connection-init").length > 0,
      () => JSON.stringify(this.heard),
    );
    await this.socket.emitWithAck("subscribe", { roomParts: [] });
  }
}

describe("a NestJS application in the place of the Steedos Server", () => {
  let program: Program;
  let url: string;
  const pages: SteedosPage[] = [];

  beforeAll(async () => {
    program = new Program(process.execPath, [MAIN], { env: { PORT: "0" } });
    [url] = await program.written(/http:\/\/127\.0\.0\.1:\d+/);
  });
  afterEach(() => {
    for (const { socket } of pages.splice(0)) socket.disconnect();
  });
  afterAll(async () => {
    program.child.kill("SIGTERM");
    expect(await program.end()).toMatchObject({ code: 0 });
    expect(program.stderr).toBe("");
  });

  async function page(space: string, token: string): Promise<SteedosPage> {
    const opened = new SteedosPage(url, `lang=en; X-Space-Id=${space}; X-Auth-Token=${token}`);
    pages.push(opened);
    await opened.settled();
    return opened;
  }

  async function post(path: string, body: object = {}): Promise<void> {
    const response = await fetch(url + path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    expect(response.status, await response.text()).toBe(202);
  }

  /** What is emitted to all comes after all that was sent before. */
  async function fence(...waiting: readonly SteedosPage[]): Promise<void> {
    await post("/events", { eventName: "fence", eventParams: { fence: true } });
    for (const one of waiting) {
      await until(
        () => one.of("fence").length > 0,
        () => JSON.stringify(one.heard),
      );
    }
  }

  it("greets with nothing but connection-init, and answers ping", async () => {
    const ann = await page("acme", "token-of-ann");
    expect(ann.of("connection-init")).toEqual([[]]);
    ann.socket.emit("ping", new Date());
    await until(
      () => ann.of("pong").length > 0,
      () => "pong",
    );
    expect(ann.of("pong")).toEqual([[expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/)]]);
  });

  it("tells users their own notifications, and nobody else", async () => {
    const [ann, bob, eve] = [
      await page("acme", "token-of-ann"),
      await page("acme", "token-of-bob"),
      await page("globex", "token-of-eve"),
    ];
    await post("/notifications", { tenantId: "acme", users: ["ann", "eve"], message: "You have a new task" });
    await fence(ann, bob, eve);
    expect(ann.of("s:notification-change")).toEqual([[{ message: "You have a new task" }]]);
    expect(bob.of("s:notification-change")).toEqual([]);
    expect(eve.of("s:notification-change")).toEqual([]);
  });

  it("tells who follows a record that it changed, in its own space", async () => {
    const [ann, eve] = [await page("acme", "token-of-ann"), await page("globex", "token-of-eve")];
    await post("/spaces/acme/orders/7");
    await post("/spaces/acme/orders/8");
    await fence(ann, eve);
    expect(ann.of("s:record:orders:change-7")).toEqual([[{ _id: "7" }]]);
    expect(ann.of("s:record:orders:change-8")).toEqual([]);
    expect(eve.of("s:record:orders:change-7")).toEqual([]);
  });

  it("tells everybody of metadata, and a room of an event of its own", async () => {
    const [ann, visitor] = [await page("acme", "token-of-ann"), await page("acme", "nobody's")];
    await post("/metadata", { type: "objects", action: "update", data: { _id: "1", name: "orders", secret: 1 } });
    await post("/events", { eventName: "custom-event", eventParams: { key: "value" }, room: "acme-orders" });
    await fence(ann, visitor);
    const change = { type: "objects", action: "update", _id: "1", name: "orders" };
    expect(ann.of("s:metadata:change")).toEqual([[change]]);
    expect(visitor.of("s:metadata:change")).toEqual([[change]]);
    expect(ann.of("custom-event")).toEqual([[{ key: "value" }]]);
    expect(visitor.of("custom-event")).toEqual([]);
  });

  it("tells other Moleculer services who subscribed", async () => {
    await page("acme", "token-of-bob");
    const told = (await (await fetch(`${url}/subscribed`)).json()) as readonly object[];
    expect(told).toContainEqual({ roomParts: "notification-change", individual: true, space: "acme", userId: "bob" });
  });
});

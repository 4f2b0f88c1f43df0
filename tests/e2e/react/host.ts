import { createGateway, type Gateway } from "@roomcast/core";
import { attach, JwtAuthenticator, type Roomcast } from "@roomcast/server";
import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { SECRET } from "../node.ts";
import type { Page } from "./build-page.ts";

const TYPES: Readonly<Record<string, string>> = { html: "text/html", js: "text/javascript", css: "text/css" };

export interface Task {
  readonly id: number;
  readonly title: string;
}

/** A gateway, the page, and a list of tasks over HTTP, on one port. */
export class Host {
  readonly gateway: Gateway;
  readonly url: string;
  /** What `GET /tasks` gives. */
  readonly tasks = new Map<number, Task>();
  /** How often it was asked. */
  loads = 0;
  readonly #roomcast: Roomcast;
  readonly #webSockets: Set<Socket>;
  readonly #webSocketCount: () => number;

  private constructor(options: {
    gateway: Gateway;
    roomcast: Roomcast;
    url: string;
    webSockets: Set<Socket>;
    webSocketCount: () => number;
  }) {
    this.gateway = options.gateway;
    this.url = options.url;
    this.#roomcast = options.roomcast;
    this.#webSockets = options.webSockets;
    this.#webSocketCount = options.webSocketCount;
  }

  /** @param options.token what `GET /token` gives */
  static async start(page: Page, options: { readonly token?: string } = {}): Promise<Host> {
    const webSockets = new Set<Socket>();
    let count = 0;
    const httpServer: Server = createServer((request, response) => {
      const [path = "/"] = (request.url ?? "/").split("?");
      if (path === "/tasks") {
        host.loads++;
        response.setHeader("content-type", "application/json").end(JSON.stringify([...host.tasks.values()]));
        return;
      }
      if (path === "/token") {
        response.end(options.token);
        return;
      }
      const name = page.has(path) ? path : "/index.html";
      response.setHeader("content-type", TYPES[name.split(".").at(-1) ?? ""] ?? "application/octet-stream");
      response.end(page.get(name));
    });
    httpServer.on("upgrade", (_request, socket: Socket) => {
      count++;
      webSockets.add(socket);
      socket.once("close", () => webSockets.delete(socket));
    });
    const gateway = createGateway({ auth: new JwtAuthenticator({ secret: SECRET }) });
    const roomcast = attach(httpServer, gateway, {});
    await new Promise<void>((resolve) => httpServer.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(httpServer.address() as AddressInfo).port}`;
    const host = new Host({ gateway, roomcast, url, webSockets, webSocketCount: () => count });
    return host;
  }

  /** WebSockets that were opened since the beginning. */
  get webSocketCount(): number {
    return this.#webSocketCount();
  }

  /** Breaks all connections. */
  cut(): void {
    for (const socket of this.#webSockets) socket.destroy();
  }

  async publish(n: number): Promise<void> {
    await this.gateway.publish({ tenantId: "default", name: "chat:1" }, "message", { n });
  }

  async write(id: number, title: string): Promise<void> {
    const resource = { id, title };
    this.tasks.set(id, resource);
    await this.#announce("saved", resource);
  }

  async remove(id: number): Promise<void> {
    const resource = this.tasks.get(id);
    this.tasks.delete(id);
    await this.#announce("deleted", resource);
  }

  /** How many sessions follow a channel, and how many of them are in it. */
  async followers(name: string): Promise<{ readonly subscribers: number; readonly members: number }> {
    const { entries } = await this.gateway.channels("default", {});
    const found = entries.find((channel) => channel.name === name);
    return { subscribers: found?.subscriberCount ?? 0, members: found?.memberCount ?? 0 };
  }

  async close(): Promise<void> {
    await this.#roomcast.close({ drainSeconds: 1 });
  }

  async #announce(action: "saved" | "deleted", resource: unknown): Promise<void> {
    const change = { action, type: "task", path: null, resource };
    await this.gateway.publishResource({ tenantId: "default", name: "tasks" }, change);
  }
}

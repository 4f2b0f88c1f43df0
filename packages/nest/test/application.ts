import "reflect-metadata";
import type { INestApplication, ModuleMetadata, NestApplicationOptions } from "@nestjs/common";
import { ExpressAdapter } from "@nestjs/platform-express";
import { FastifyAdapter } from "@nestjs/platform-fastify";
import { Test } from "@nestjs/testing";
import { io, type ManagerOptions, type Socket, type SocketOptions } from "socket.io-client";
import { RoomcastTestingModule, type RoomcastModuleOptions } from "../src/index.ts";

export type Platform = "express" | "fastify";

/** A Nest application on a real port, and the clients that came to it. */
export class TestApplication {
  readonly app: INestApplication;
  url = "";
  readonly #sockets: Socket[] = [];

  constructor(app: INestApplication) {
    this.app = app;
  }

  async listen(): Promise<this> {
    this.url = await RoomcastTestingModule.listen(this.app);
    return this;
  }

  token(userId: string, tenantId = "acme"): Promise<string> {
    return RoomcastTestingModule.issueToken(this.app, { userId, tenantId });
  }

  /** A stock client, of a user's unless `auth` says otherwise. Rejects as it is refused. */
  async connect(
    options: Partial<ManagerOptions & SocketOptions> & { readonly namespace?: string } = {},
  ): Promise<Socket> {
    const auth = options.auth ?? { token: await this.token("alice") };
    const { namespace = "/", ...others } = options;
    const settings = { reconnection: false, forceNew: true, transports: ["websocket"], ...others, auth };
    const socket = io(this.url + namespace, settings);
    this.#sockets.push(socket);
    await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("connect_error", reject));
    return socket;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets.splice(0)) socket.disconnect();
    await this.app.close();
  }
}

export interface ApplicationOptions extends ModuleMetadata {
  readonly roomcast?: RoomcastModuleOptions | false;
  readonly platform?: Platform;
  readonly settings?: NestApplicationOptions;
  readonly before?: (app: INestApplication) => void;
}

/** Makes one that has not begun: `listen` has it. */
export async function application(options: ApplicationOptions = {}): Promise<TestApplication> {
  const { roomcast = {}, platform = "express", settings, before, imports = [], ...metadata } = options;
  const own = roomcast === false ? [] : [RoomcastTestingModule.forRoot(roomcast)];
  const builder = Test.createTestingModule({ imports: [...imports, ...own], ...metadata });
  const module = await builder.compile();
  const adapter = platform === "express" ? new ExpressAdapter() : new FastifyAdapter();
  const app = module.createNestApplication(adapter, { logger: false, ...settings });
  before?.(app);
  return new TestApplication(app);
}

export async function refusal(
  connecting: Promise<unknown>,
): Promise<{ readonly code?: string; readonly message?: string }> {
  const error: unknown = await connecting.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return (error as { readonly data?: object } | undefined)?.data ?? { message: String(error) };
}

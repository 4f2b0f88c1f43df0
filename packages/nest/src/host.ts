import type { BeforeApplicationShutdown, OnApplicationBootstrap, OnModuleInit } from "@nestjs/common";
import type { AbstractHttpAdapter, HttpAdapterHost, ModuleRef, ModulesContainer } from "@nestjs/core";
import { ConfigError, isMounted, prepare, type Embedded, type EmbedOptions, type Prepared } from "@roomcast/server";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { AppEnhancers, configOf, ownEnhancers } from "./app-enhancers.ts";
import { RoomcastConnections } from "./connections.ts";
import { nestLogger } from "./nest-logger.ts";
import { splitOptions, withNestKeys } from "./check-options.ts";
import type { NestOptions, RoomcastModuleOptions } from "./options.ts";
import { OwnGateways } from "./own-gateways.ts";
import { RealtimeServices } from "./realtime-services.ts";
import { ROOMCAST_HOST } from "./tokens.ts";

export interface HostOptions {
  readonly options: RoomcastModuleOptions;
  readonly moduleRef: ModuleRef;
  readonly modules: ModulesContainer;
  readonly adapterHost: HttpAdapterHost;
}

const DEFAULT_PATH = "/socket.io/";
const TWAKE_PATH = "/socket/";

/**
 * Roomcast in the life of an application: there before its providers are, on its HTTP server when its modules begin, drained
 * before the server closes. In an application without HTTP it is a gateway to publish through.
 */
export class RoomcastHost implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly roomcast: Embedded;
  readonly #prepared: Prepared;
  readonly #moduleRef: ModuleRef;
  readonly #adapterHost: HttpAdapterHost;
  readonly #nest: NestOptions;
  readonly #embed: EmbedOptions;
  readonly #enhancers: AppEnhancers | undefined;
  readonly #gateways: OwnGateways;
  readonly #services: RealtimeServices;
  #connections: RoomcastConnections | undefined;

  /** Throws `ConfigError` for wrong options, and where there is another one in the application. */
  constructor({ options, moduleRef, modules, adapterHost }: HostOptions) {
    if ([...modules.values()].filter(({ providers }) => providers.has(ROOMCAST_HOST)).length > 1) {
      const message =
        "RoomcastModule is configured twice in this application; call forRoot or forRootAsync once, in its root module: " +
        "what it provides can be injected everywhere";
      throw new ConfigError({ key: "RoomcastModule", message });
    }
    const { nest, embed } = splitOptions(options);
    this.#nest = nest;
    this.#embed = embed;
    this.#moduleRef = moduleRef;
    this.#adapterHost = adapterHost;
    this.#enhancers = nest.inheritAppConfig === false ? undefined : new AppEnhancers(moduleRef);
    this.#prepared = withNestKeys(() =>
      prepare(
        { logger: nestLogger(), ...embed },
        { path: nest.path, arriving: (arrival) => this.#connections?.connect(arrival) },
      ),
    );
    this.roomcast = this.#prepared;
    const { gateway } = this.#prepared;
    this.#services = new RealtimeServices({ modules, gateway, realtime: nest.realtime });
    this.#gateways = new OwnGateways({ modules, moduleRef, enhancers: this.#enhancers });
    this.#gateways.install();
  }

  async onModuleInit(): Promise<void> {
    const moduleRef = this.#moduleRef;
    const enhancers = await ownEnhancers(this.#nest, { moduleRef, before: this.#enhancers });
    this.#connections = new RoomcastConnections({ enhancers, moduleRef });
    this.#services.bind();
    // Absent in an application without HTTP, whatever its type says.
    const adapter = this.#adapterHost.httpAdapter as AbstractHttpAdapter | null | undefined;
    const httpServer = adapter?.getHttpServer() as Server | undefined;
    if (!adapter || httpServer === undefined) return;
    this.#refuseTaken();
    this.#prepared.attachTo(httpServer);
    if (adapter.getType() === "fastify") passRequests(adapter.getInstance(), httpServer);
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.#prepared.ready();
  }

  /** Clients are told and have gone when this resolves; Nest closes the server next. */
  async beforeApplicationShutdown(): Promise<void> {
    try {
      await this.#prepared.close({ leaveServer: true });
    } finally {
      this.#services.unbind();
      this.#gateways.remove();
    }
  }

  /** Two servers of Socket.IO at one path would take each other's clients. */
  #refuseTaken(): void {
    const adapter: unknown = configOf(this.#moduleRef).getIoAdapter();
    if (typeof adapter !== "object" || adapter === null || !("createIOServer" in adapter)) return;
    const { path = DEFAULT_PATH } = this.#nest;
    const ours = new Set([slashed(path), ...(this.#embed.dialects?.twake === false ? [] : [TWAKE_PATH])]);
    const taker = this.#gateways.places.find((place) => ours.has(slashed(place.path ?? DEFAULT_PATH)));
    if (taker === undefined) return;
    const taken = slashed(taker.path ?? DEFAULT_PATH);
    const message =
      taken === slashed(path)
        ? `path is "${path}", which ${taker.name} of this application has; it may be another, such as "/roomcast/socket.io/"`
        : `dialects.twake is on, whose path "${taken}" ${taker.name} of this application has; it may be false`;
    throw new ConfigError({ key: taken === slashed(path) ? "path" : "dialects.twake", message });
  }
}

function slashed(path: string): string {
  return path.endsWith("/") ? path : `${path}/`;
}

interface FastifyHooks {
  addHook(
    name: "onRequest",
    hook: (
      request: { readonly raw: IncomingMessage },
      reply: { readonly raw: ServerResponse; hijack(): void },
      done: () => void,
    ) => void,
  ): void;
}

/** Where Fastify is to listen on `localhost`, it makes a server for each of its addresses, and only one is the one we are on. */
function passRequests(app: FastifyHooks, httpServer: Server): void {
  app.addHook("onRequest", (request, reply, done) => {
    if (!isMounted(httpServer, request.raw)) return done();
    reply.hijack();
    httpServer.emit("request", request.raw, reply.raw);
  });
}

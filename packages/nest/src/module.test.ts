import "reflect-metadata";
import { Controller, Get, Injectable, Module, Post, Scope, type INestApplication } from "@nestjs/common";
import { ContextIdFactory, ModuleRef, NestFactory } from "@nestjs/core";
import { Test } from "@nestjs/testing";
import { MemoryBroker, systemClock, type Gateway } from "@roomcast/core";
import { lookup } from "node:dns/promises";
import { once } from "node:events";
import type { Server } from "node:http";
import { createServer, type AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { hashApiKey } from "@roomcast/server";
import { application, refusal, type TestApplication } from "../test/application.ts";
import {
  ConfigError,
  CreateResult,
  InjectGateway,
  InjectRoomcast,
  RealtimeCreated,
  ROOMCAST,
  ROOMCAST_GATEWAY,
  RoomcastModule,
  RoomcastTestingModule,
  TEST_SECRET,
  type Embedded,
  type RoomcastModuleOptions,
} from "./index.ts";

const ADMIN_KEY = "a-key-of-the-admins-of-all";

const started: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of started.splice(0)) await one.close();
});

async function start(options: Parameters<typeof application>[0] = {}): Promise<TestApplication> {
  const made = await application(options);
  started.push(made);
  return await made.listen();
}

interface Task {
  readonly id: number;
  readonly title: string;
}

@Injectable()
class Tasks {
  @RealtimeCreated<Task>({ room: "tasks", path: (task) => `/tasks/${task.id}` })
  async create(title: string, context?: { user: { id: string; tenantId: string } }): Promise<CreateResult<Task>> {
    void context;
    return new CreateResult<Task>("task", { id: 1, title });
  }
}

@Injectable({ scope: Scope.TRANSIENT })
class TransientTasks extends Tasks {}

@Injectable({ scope: Scope.REQUEST })
class RequestTasks extends Tasks {}

const user = { user: { id: "alice", tenantId: "acme" } };

@Controller("tasks")
class TasksController {
  readonly #tasks: Tasks;
  readonly #transient: TransientTasks;
  readonly #perRequest: RequestTasks;
  readonly #gateway: Gateway;
  readonly #roomcast: Embedded;

  constructor(
    tasks: Tasks,
    transient: TransientTasks,
    perRequest: RequestTasks,
    @InjectGateway() gateway: Gateway,
    @InjectRoomcast() roomcast: Embedded,
  ) {
    this.#tasks = tasks;
    this.#transient = transient;
    this.#perRequest = perRequest;
    this.#gateway = gateway;
    this.#roomcast = roomcast;
  }

  @Get()
  list(): { same: boolean } {
    return { same: this.#gateway === this.#roomcast.gateway };
  }

  @Post()
  async create(): Promise<number> {
    await this.#tasks.create("one", user);
    await this.#transient.create("two", user);
    await this.#perRequest.create("three", user);
    return 3;
  }
}

const taskApplication = { controllers: [TasksController], providers: [Tasks, TransientTasks, RequestTasks] };

describe.each(["express", "fastify"] as const)("on %s", (platform) => {
  it("serves clients, REST and the application's own routes on one port", async () => {
    const made = await start({ ...taskApplication, platform });
    expect(await (await fetch(`${made.url}/tasks`)).json()).toEqual({ same: true });
    expect(await (await fetch(`${made.url}/roomcast/health`)).json()).toEqual({ status: "ok" });
    expect((await fetch(`${made.url}/health`)).status).toBe(404);
    for (const transports of [["websocket"], ["polling"], ["polling", "websocket"]]) {
      const socket = await made.connect({ transports });
      expect(await socket.emitWithAck("subscribe", { topic: "news" })).toMatchObject({ ok: true });
      const heard = new Promise((resolve) => socket.once("event", resolve));
      await made.app.get<Gateway>(ROOMCAST_GATEWAY).publish({ tenantId: "acme", name: "news" }, "hello", 1);
      expect(await heard).toMatchObject({ event: "hello", payload: 1 });
    }
  });

  it("announces what decorated methods of providers of every scope did, without any binding call", async () => {
    const made = await start({ ...taskApplication, platform });
    const socket = await made.connect();
    const heard: unknown[] = [];
    socket.on("event", ({ event, payload }: { event: string; payload: { title: string } }) =>
      heard.push([event, payload]),
    );
    await socket.emitWithAck("subscribe", { topic: "tasks" });
    expect((await fetch(`${made.url}/tasks`, { method: "POST" })).status).toBe(201);
    await expect.poll(() => heard.length).toBe(3);
    const titles = heard.map((one) => JSON.stringify(one));
    for (const title of ["one", "two", "three"]) expect(titles.some((text) => text.includes(title))).toBe(true);
  });

  it("tells clients and lets them go before the application is closed", async () => {
    const made = await start({ platform });
    const socket = await made.connect();
    const order: string[] = [];
    socket.on("closing", ({ code }: { code: string }) => order.push(code));
    socket.on("disconnect", () => order.push("disconnect"));
    await made.app.close();
    order.push("closed");
    await expect.poll(() => order.length).toBe(3);
    expect(order[0]).toBe("SHUTTING_DOWN");
    expect((made.app.getHttpServer() as { listening: boolean }).listening).toBe(false);
  });
});

it.each(["express", "fastify"] as const)("serves the admin page beside an application on %s", async (platform) => {
  const made = await start({
    platform,
    roomcast: { auth: { apiKeys: [{ sha256: hashApiKey(ADMIN_KEY), tenants: "*", roles: ["admin"] }] } },
    before: (app) => void app.setGlobalPrefix("v1"),
  });
  const page = await fetch(`${made.url}/roomcast/admin/socket/a`);
  expect(page.headers.get("content-security-policy")).toMatch(/^default-src 'none'/);
  expect(page.headers.get("cross-origin-opener-policy")).toBe("same-origin");
  const signedIn = await fetch(`${made.url}/roomcast/auth/session`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ apiKey: ADMIN_KEY }),
  });
  const { csrf } = (await signedIn.json()) as { csrf: string };
  const headers = { Cookie: signedIn.headers.get("set-cookie")?.split(";", 1)[0] ?? "", "X-CSRF-Token": csrf };
  const answer = await fetch(`${made.url}/roomcast/api/socket/connections`, { headers });
  expect(await answer.json()).toEqual({ count: 0 });
});

it("serves all addresses of localhost, for each of which Fastify makes a server", async () => {
  const made = await application({ platform: "fastify" });
  started.push(made);
  await made.app.listen(0, "localhost");
  const { port } = (made.app.getHttpServer() as Server).address() as AddressInfo;
  const addresses = await lookup("localhost", { all: true });
  for (const { address, family } of addresses) {
    made.url = `http://${family === 6 ? `[${address}]` : address}:${port}`;
    expect(await (await fetch(`${made.url}/roomcast/health`)).json()).toEqual({ status: "ok" });
    for (const transports of [["websocket"], ["polling"]]) await made.connect({ transports });
  }
});

it("a provider of another module that is made by a factory is bound too, and none after the application closed", async () => {
  const TOKEN = Symbol("tasks");
  const made = await start({ providers: [{ provide: TOKEN, useFactory: () => new Tasks() }] });
  const tasks = made.app.get<Tasks>(TOKEN);
  const gateway = made.app.get<Gateway>(ROOMCAST_GATEWAY);
  const heard: unknown[] = [];
  gateway.bus.subscribe("created", ({ entity }) => void heard.push(entity));
  await tasks.create("bound", user);
  await expect.poll(() => heard).toEqual([{ id: 1, title: "bound" }]);
  await made.close();
  await tasks.create("unbound", user);
  expect(heard).toHaveLength(1);
});

it("says whose clients hear of what services do, where their context does not", async () => {
  const made = await start({ providers: [Tasks], roomcast: { realtime: { tenantId: "everybody-of-this" } } });
  const tenants: string[] = [];
  made.app
    .get<Gateway>(ROOMCAST_GATEWAY)
    .bus.subscribe("created", (_event, { tenantId }) => void tenants.push(tenantId));
  await made.app.get(Tasks).create("one", user);
  await expect.poll(() => tenants).toEqual(["everybody-of-this"]);
});

it("serves as a gateway to publish through where there is no HTTP", async () => {
  @Module({ imports: [RoomcastTestingModule.forRoot()] })
  class Root {}
  const app = await NestFactory.createApplicationContext(Root, { logger: false, abortOnError: false });
  const roomcast = app.get<Embedded>(ROOMCAST);
  await expect(roomcast.gateway.publish({ tenantId: "acme", name: "news" }, "hello")).resolves.toHaveProperty("id");
  await app.close();
  await expect(roomcast.gateway.publish({ tenantId: "acme", name: "news" }, "hello")).rejects.toThrow();
});

describe("options that come late", () => {
  @Injectable()
  class Settings {
    readonly secret = "a secret from a service of settings, long enough";
  }
  @Module({ providers: [Settings], exports: [Settings] })
  class SettingsModule {}

  it("are made of what the factory is given", async () => {
    const late = RoomcastModule.forRootAsync({
      imports: [SettingsModule],
      inject: [Settings],
      useFactory: async ({ secret }: Settings) => {
        await Promise.resolve();
        return { auth: { jwt: { secret } }, drainSeconds: 0 };
      },
    });
    const made = await start({ roomcast: false, imports: [late] });
    await made.connect();
  });

  it("and reject, fail the start with what was rejected", async () => {
    const gone = new Error("The settings cannot be reached");
    const late = RoomcastModule.forRootAsync({ useFactory: () => Promise.reject(gone) });
    await expect(application({ roomcast: false, imports: [late] })).rejects.toBe(gone);
  });

  it("and are none, fail it in one line", async () => {
    const late = RoomcastModule.forRootAsync({ useFactory: () => undefined as unknown as RoomcastModuleOptions });
    await expect(application({ roomcast: false, imports: [late] })).rejects.toThrow("RoomcastModule has no options");
  });
});

describe("wrong options fail the start in one line", () => {
  it.each<[object, string]>([
    [{ prot: 1 }, "prot is not known; it may be one of cors, "],
    [{ gaurds: [] }, "gaurds is not known; it may be one of cors, "],
    [{ port: 3000 }, "port is not known; "],
    [{ auth: { jwt: { secret: "short" } } }, "auth.jwt.secret is (hidden); it may be 32 bytes or more"],
    [{ auth: { jwt: { secret: TEST_SECRET, sercet: 1 } } }, "auth.jwt.sercet is not known; "],
    [{ guards: "all" }, "guards of RoomcastModule is something else; it may be a list of classes and objects"],
    [{ pipes: [1] }, "pipes of RoomcastModule is something else"],
    [
      { path: "socket.io" },
      'path of RoomcastModule is something else; it may be a path such as "/roomcast/socket.io/"',
    ],
    [{ inheritAppConfig: "no" }, "inheritAppConfig of RoomcastModule is something else; it may be true or false"],
  ])("%o", async (options, line) => {
    const roomcast = { auth: { jwt: { secret: TEST_SECRET } }, ...options } as RoomcastModuleOptions;
    const failed = application({ roomcast: false, imports: [RoomcastModule.forRoot(roomcast)] });
    const error: unknown = await failed.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as Error).message.startsWith(line), (error as Error).message).toBe(true);
    expect((error as Error).message).not.toContain("\n");
  });

  it("names the module's own among the known ones", async () => {
    const roomcast = { gaurds: [] } as RoomcastModuleOptions;
    await expect(application({ roomcast })).rejects.toThrow("guards, interceptors, pipes, filters, inheritAppConfig");
  });

  it("a secret that is missing", async () => {
    await expect(application({ roomcast: false, imports: [RoomcastModule.forRoot()] })).rejects.toThrow(
      "auth.jwt.secret is missing; it may be 32 bytes or more, there or in the variable ROOMCAST_JWT_SECRET",
    );
  });

  it("a module that is configured twice", async () => {
    @Module({ imports: [RoomcastTestingModule.forRoot({ drainSeconds: 2 })] })
    class Feature {}
    await expect(application({ imports: [Feature] })).rejects.toThrow("RoomcastModule is configured twice");
  });

  it("and one that is imported twice as it is, is one", async () => {
    const roomcast = RoomcastTestingModule.forRoot();
    @Module({ imports: [roomcast] })
    class Feature {}
    const made = await start({ roomcast: false, imports: [Feature, roomcast] });
    await made.connect();
  });
});

it("a port in use fails the start as Nest fails it, and the application closes all the same", async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const made = await application();
  const { port } = taken.address() as AddressInfo;
  await expect(made.app.listen(port, "127.0.0.1")).rejects.toMatchObject({ code: "EADDRINUSE" });
  await made.close();
  taken.close();
});

it("a broker that is away fails the start", async () => {
  const broker = new MemoryBroker({ clock: systemClock });
  broker.start = () => Promise.reject(new Error("away"));
  const made = await application({ roomcast: { broker } });
  started.push(made);
  await expect(made.listen()).rejects.toMatchObject({ code: "UNAVAILABLE" });
});

describe("circular imports", () => {
  it("of modules are no matter, with Nest's own forwardRef", async () => {
    const { forwardRef } = await import("@nestjs/common");
    const left: { Left?: unknown } = {};
    @Injectable()
    class Right {
      readonly gateway: Gateway;
      constructor(@InjectGateway() gateway: Gateway) {
        this.gateway = gateway;
      }
    }
    @Module({ imports: [forwardRef(() => left.Left as never)], providers: [Right], exports: [Right] })
    class RightModule {}
    @Module({ imports: [forwardRef(() => RightModule), RoomcastTestingModule.forRoot()] })
    class LeftModule {}
    left.Left = LeftModule;
    const made = await start({ roomcast: false, imports: [LeftModule] });
    expect(made.app.get(Right).gateway).toBe(made.app.get<Gateway>(ROOMCAST_GATEWAY));
  });

  it("of a service that the options need and that injects the gateway fail the start; ModuleRef gets it later", async () => {
    @Injectable()
    class Users {
      readonly gateway: Gateway;
      constructor(@InjectGateway() gateway: Gateway) {
        this.gateway = gateway;
      }
    }
    @Module({ providers: [Users], exports: [Users] })
    class UsersModule {}
    const late = (type: unknown, module: unknown) =>
      RoomcastModule.forRootAsync({
        imports: [module as never],
        inject: [type as never],
        useFactory: () => ({ auth: { jwt: { secret: TEST_SECRET } }, drainSeconds: 0 }),
      });
    await expect(application({ roomcast: false, imports: [late(Users, UsersModule)] })).rejects.toThrow(/circular/iu);

    @Injectable()
    class LateUsers {
      readonly #moduleRef: ModuleRef;
      constructor(moduleRef: ModuleRef) {
        this.#moduleRef = moduleRef;
      }
      gateway(): Gateway {
        return this.#moduleRef.get<Gateway>(ROOMCAST_GATEWAY, { strict: false });
      }
    }
    @Module({ providers: [LateUsers], exports: [LateUsers] })
    class LateModule {}
    const made = await start({ roomcast: false, imports: [late(LateUsers, LateModule)] });
    expect(made.app.get(LateUsers).gateway()).toBe(made.app.get<Gateway>(ROOMCAST_GATEWAY));
  });
});

describe("RoomcastTestingModule", () => {
  it("puts options for tests in the place of those that an application's module has", async () => {
    @Module({
      imports: [
        RoomcastModule.forRootAsync({ useFactory: () => Promise.reject(new Error("There is no Redis in tests")) }),
      ],
    })
    class App {}
    const builder = Test.createTestingModule({ imports: [App] });
    const module = await RoomcastTestingModule.override(builder).compile();
    const app: INestApplication = module.createNestApplication({ logger: false });
    started.push(app);
    expect(await RoomcastTestingModule.listen(app)).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(await RoomcastTestingModule.issueToken(app, { userId: "alice" })).toMatch(/^eyJ/);
  });

  it("lets rules be tried", async () => {
    const made = await start({ roomcast: { channels: [{ match: "secret:**", subscribe: "nobody" }] } });
    const socket = await made.connect();
    expect(await socket.emitWithAck("subscribe", { topic: "secret:plans" })).toMatchObject({
      error: { code: "FORBIDDEN" },
    });
    expect(await refusal(made.connect({ auth: { token: "no token" } }))).toMatchObject({ code: "UNAUTHENTICATED" });
  });
});

it("request-scoped services in a context of one's own announce, too", async () => {
  const made = await start({ providers: [RequestTasks] });
  const heard: unknown[] = [];
  made.app.get<Gateway>(ROOMCAST_GATEWAY).bus.subscribe("created", ({ entity }) => void heard.push(entity));
  const tasks = await made.app.resolve(RequestTasks, ContextIdFactory.create());
  await tasks.create("one", user);
  await expect.poll(() => heard).toHaveLength(1);
});

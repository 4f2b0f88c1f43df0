import "reflect-metadata";
import {
  BadRequestException,
  Catch,
  ConflictException,
  Inject,
  Injectable,
  Scope,
  SetMetadata,
  UnauthorizedException,
  UseFilters,
  UseGuards,
  type ArgumentMetadata,
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type INestApplication,
  type NestInterceptor,
  type PipeTransform,
} from "@nestjs/common";
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE, Reflector, REQUEST } from "@nestjs/core";
import { IoAdapter } from "@nestjs/platform-socket.io";
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway, WsException } from "@nestjs/websockets";
import { GatewayError } from "@roomcast/protocol";
import { map, throwError, type Observable } from "rxjs";
import { afterEach, describe, expect, it } from "vitest";
import { application, refusal, type ApplicationOptions, type TestApplication } from "../test/application.ts";
import { RoomcastConnections, RoomcastExceptionFilter, RoomcastTestingModule, type RoomcastClient } from "./index.ts";

const CHAT = { namespace: "/chat", path: "/chat/socket.io" };

class Payload {
  readonly text?: string;
}

/** An ordinary gateway of an application, that knows nothing of Roomcast. */
@WebSocketGateway(CHAT)
class Chat {
  @SubscribeMessage("say")
  say(@MessageBody() { text }: Payload, @ConnectedSocket() client: { readonly id: string }): object {
    return { said: text, by: client.id };
  }

  @SubscribeMessage("fail")
  fail(@MessageBody() how: string): Observable<never> | undefined {
    if (how === "http") throw new ConflictException("It is there already");
    if (how === "ws") throw new WsException("The room is full");
    if (how === "ws-code")
      throw new WsException({ code: "LIMIT_REACHED", message: "Full", details: { limit: "room" } });
    if (how === "observable") return throwError(() => new BadRequestException(["a", "b"]));
    if (how === "no-json") throw new WsException({ code: "FORBIDDEN", message: "Never", details: { n: 1n } });
    if (how === "gateway") throw new GatewayError("TOO_LARGE", "Too much");
    throw new Error("secret of the database");
  }

  @SubscribeMessage("fail-deep")
  failDeep(): never {
    throw new WsException("Never");
  }

  @SetMetadata("open", true)
  @SubscribeMessage("open")
  open(): object {
    return { open: true };
  }
}

const started: TestApplication[] = [];
afterEach(async () => {
  for (const one of started.splice(0)) await one.close();
});

async function start(options: ApplicationOptions = {}): Promise<TestApplication> {
  const made = await application(options);
  started.push(made);
  return await made.listen();
}

function chat(made: TestApplication) {
  return made.connect({ namespace: "/chat", path: CHAT.path, auth: {} });
}

/** Refuses everybody, unless a handler is open. */
@Injectable()
class Closed implements CanActivate {
  readonly #reflector: Reflector;

  constructor(@Inject(Reflector) reflector: Reflector) {
    this.#reflector = reflector;
  }

  canActivate(context: ExecutionContext): boolean {
    return (
      this.#reflector.getAllAndOverride<boolean | undefined>("open", [context.getHandler(), context.getClass()]) ??
      false
    );
  }
}

@Injectable()
class NoMallory implements CanActivate {
  static readonly seen: RoomcastClient[] = [];

  canActivate(context: ExecutionContext): boolean {
    expect(context.getType()).toBe("ws");
    expect(context.getClass()).toBe(RoomcastConnections);
    const client = context.switchToWs().getClient<RoomcastClient>();
    NoMallory.seen.push(client);
    if (client.principal.userId === "trudy") throw new UnauthorizedException("Trudy was thrown out");
    return client.principal.userId !== "mallory";
  }
}

/** As `ValidationPipe` refuses: before Nest's decorators of parameters are looked at. */
class Strict implements PipeTransform {
  transform(value: unknown, { type, metatype }: ArgumentMetadata): unknown {
    if (type !== "body" || metatype !== Payload) return value;
    if (typeof (value as Payload | undefined)?.text === "string")
      return { text: (value as { text: string }).text.trim() };
    throw new BadRequestException(["text must be a string"]);
  }
}

describe("nestjs/nest#882: guards for connections, not only for messages", () => {
  it("a guard refuses a connection before it is one, with an error that the client hears", async () => {
    const made = await start({ roomcast: { guards: [NoMallory] } });
    NoMallory.seen.length = 0;
    await made.connect({ extraHeaders: { "x-app": "test" } });
    expect(NoMallory.seen).toMatchObject([
      {
        principal: { userId: "alice", tenantId: "acme" },
        dialect: "native",
        handshake: { auth: { token: expect.any(String) }, headers: { "x-app": "test" }, address: "127.0.0.1" },
      },
    ]);
    const mallory = await refusal(made.connect({ auth: { token: await made.token("mallory") } }));
    expect(mallory).toEqual({ code: "FORBIDDEN", message: "Forbidden resource", retryable: false });
    const trudy = await refusal(made.connect({ auth: { token: await made.token("trudy") } }));
    expect(trudy).toEqual({ code: "UNAUTHENTICATED", message: "Trudy was thrown out", retryable: false });
  });

  it("in every dialect, where clients log in late too", async () => {
    const made = await start({ roomcast: { guards: [NoMallory] } });
    const token = await made.token("mallory");
    expect(await refusal(made.connect({ namespace: "/events", auth: { token } }))).toMatchObject({ code: "FORBIDDEN" });
    const late = await made.connect({ path: "/socket/", auth: {} });
    const answer = new Promise((resolve) => {
      late.on("authenticated", () => resolve("authenticated"));
      late.on("unauthorized", () => resolve("unauthorized"));
    });
    late.emit("authenticate", { token });
    expect(await answer).toBe("unauthorized");
    const friend = await made.connect({ path: "/socket/", auth: {} });
    const welcome = new Promise((resolve) => friend.on("authenticated", resolve));
    friend.emit("authenticate", { token: await made.token("alice") });
    await welcome;
  });

  it("is not asked about those who are nobody, and is told of visitors", async () => {
    const made = await start({ roomcast: { guards: [NoMallory], auth: { anonymous: true } } });
    NoMallory.seen.length = 0;
    expect(await refusal(made.connect({ auth: { token: "broken" } }))).toMatchObject({ code: "UNAUTHENTICATED" });
    expect(NoMallory.seen).toEqual([]);
    await made.connect({ auth: { token: null } });
    expect(NoMallory.seen).toMatchObject([{ principal: { anonymous: true, userId: null } }]);
  });

  it("is the application's provider where there is one, of whatever scope, with what it injects", async () => {
    @Injectable({ scope: Scope.REQUEST })
    class PerConnection implements CanActivate {
      static made = 0;
      readonly #client: RoomcastClient;
      constructor(@Inject(REQUEST) client: RoomcastClient) {
        PerConnection.made++;
        this.#client = client;
      }
      canActivate(): boolean {
        return this.#client.principal.userId === "alice";
      }
    }
    const made = await start({ providers: [PerConnection], roomcast: { guards: [PerConnection] } });
    await made.connect();
    await made.connect();
    expect(PerConnection.made).toBe(2);
    const other = await refusal(made.connect({ auth: { token: await made.token("bob") } }));
    expect(other).toMatchObject({ code: "FORBIDDEN" });
  });

  it("pipes look at what a client logs in with, interceptors stand around, filters say what is told", async () => {
    const order: string[] = [];
    const pipe: PipeTransform = {
      transform: (auth: { readonly version?: number }) => {
        order.push("pipe");
        if (auth.version === undefined) throw new BadRequestException(["version is missing"]);
        if (auth.version < 2) throw new RangeError("old");
        return auth;
      },
    };
    const interceptor: NestInterceptor = {
      intercept: (_context: ExecutionContext, next: CallHandler) => {
        order.push("before");
        return next.handle().pipe(map((value: unknown) => (order.push("after"), value)));
      },
    };
    @Catch(RangeError)
    class Old implements ExceptionFilter {
      catch(): GatewayError {
        return new GatewayError("CONFLICT", "Update your client");
      }
    }
    const made = await start({ roomcast: { pipes: [pipe], interceptors: [interceptor], filters: [Old] } });
    const token = await made.token("alice");
    await made.connect({ auth: { token, version: 2 } });
    expect(order).toEqual(["before", "pipe", "after"]);
    expect(await refusal(made.connect({ auth: { token, version: 1 } }))).toMatchObject({ code: "CONFLICT" });
    expect(await refusal(made.connect({ auth: { token } }))).toMatchObject({
      code: "INVALID_PAYLOAD",
      details: { errors: ["version is missing"] },
    });
  });

  it("a filter that swallows what a guard throws lets nobody in", async () => {
    @Catch()
    class Swallow implements ExceptionFilter {
      catch(): void {}
    }
    const made = await start({
      roomcast: { guards: [NoMallory] },
      before: (app) => app.useGlobalFilters(new Swallow()),
    });
    expect(await refusal(made.connect({ auth: { token: await made.token("mallory") } }))).toMatchObject({
      code: "FORBIDDEN",
    });
  });

  it("a guard that breaks refuses, and tells nothing", async () => {
    const broken: CanActivate = {
      canActivate: () => {
        throw new Error("secret of the database");
      },
    };
    const made = await start({ roomcast: { guards: [broken] } });
    const error = await refusal(made.connect());
    expect(error).toMatchObject({ code: "INTERNAL" });
    expect(JSON.stringify(error)).not.toContain("secret");
  });
});

describe("nestjs/nest#8060: guards of the whole application hold for gateways", () => {
  it.each<[string, ApplicationOptions]>([
    ["APP_GUARD", { providers: [Chat, { provide: APP_GUARD, useClass: Closed }] }],
    ["useGlobalGuards", { providers: [Chat], before: (app) => app.useGlobalGuards(new Closed(new Reflector())) }],
    [
      "a guard for each request",
      {
        providers: [
          Chat,
          { provide: APP_GUARD, useFactory: () => new Closed(new Reflector()), inject: [], scope: Scope.REQUEST },
        ],
      },
    ],
  ])("%s: for messages and for connections", async (_what, options) => {
    const made = await start(options);
    const socket = await chat(made);
    expect(await socket.emitWithAck("say", { text: "hello" })).toEqual({
      ok: false,
      error: { code: "FORBIDDEN", message: "Forbidden resource", retryable: false },
    });
    expect(await socket.emitWithAck("open", 1)).toEqual({ open: true });
    expect(await refusal(made.connect())).toMatchObject({ code: "FORBIDDEN" });
  });

  it("and need not", async () => {
    const providers = [Chat, { provide: APP_GUARD, useClass: Closed }];
    const made = await start({ providers, roomcast: { inheritAppConfig: false } });
    const socket = await chat(made);
    expect(await socket.emitWithAck("say", { text: "hello" })).toMatchObject({ said: "hello" });
    await made.connect();
  });

  it("and end with their application: another with the same gateway has its own", async () => {
    const first = await start({ providers: [Chat, { provide: APP_GUARD, useClass: Closed }] });
    const second = await start({ providers: [Chat] });
    const [closed, open] = [await chat(first), await chat(second)];
    expect(await closed.emitWithAck("say", { text: "a" })).toMatchObject({ error: { code: "FORBIDDEN" } });
    expect(await open.emitWithAck("say", { text: "a" })).toMatchObject({ said: "a" });
    for (const one of started.splice(0)) await one.close();
    const plain = await start({ providers: [Chat], roomcast: false });
    const socket = await chat(plain);
    const exception = new Promise((resolve) => socket.once("exception", resolve));
    socket.emit("fail", "ws");
    expect(await exception).toMatchObject({ status: "error", message: "The room is full" });
  });
});

describe("nestjs/nest#3475: pipes of the whole application hold for gateways", () => {
  it.each<[string, ApplicationOptions]>([
    ["useGlobalPipes", { providers: [Chat], before: (app: INestApplication) => app.useGlobalPipes(new Strict()) }],
    ["APP_PIPE", { providers: [Chat, { provide: APP_PIPE, useClass: Strict }] }],
  ])("%s", async (_what, options) => {
    const made = await start(options);
    const socket = await chat(made);
    expect(await socket.emitWithAck("say", { text: "  hello " })).toEqual({ said: "hello", by: socket.id });
    expect(await socket.emitWithAck("say", { text: 5 })).toMatchObject({ ok: false });
  });

  it("also for messages that look like a socket", async () => {
    const made = await start({
      providers: [Chat],
      before: (app: INestApplication) => app.useGlobalPipes(new Strict()),
    });
    const socket = await chat(made);
    const disguised = { text: 5, emit: 1, readyState: 1, handshake: {} };
    expect(await socket.emitWithAck("say", disguised)).toMatchObject({ ok: false, error: { code: "INVALID_PAYLOAD" } });
  });

  it("interceptors do, too", async () => {
    class Wrap implements NestInterceptor {
      intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
        return next.handle().pipe(map((data: unknown) => ({ data })));
      }
    }
    const made = await start({ providers: [Chat, { provide: APP_INTERCEPTOR, useClass: Wrap }] });
    const socket = await chat(made);
    expect(await socket.emitWithAck("say", { text: "hello" })).toMatchObject({ data: { said: "hello" } });
  });
});

describe("nestjs/nest#12088: an error comes back on the acknowledgement of the message that caused it", () => {
  it.each([
    ["http", { code: "CONFLICT", message: "It is there already", retryable: false }],
    ["ws", { code: "FORBIDDEN", message: "The room is full", retryable: false }],
    ["ws-code", { code: "LIMIT_REACHED", message: "Full", retryable: false, details: { limit: "room" } }],
    ["gateway", { code: "TOO_LARGE", message: "Too much", retryable: false }],
    ["observable", expect.objectContaining({ code: "INVALID_PAYLOAD", details: { errors: ["a", "b"] } })],
    ["unknown", { code: "INTERNAL", message: "Something went wrong on the server", retryable: true }],
  ])("%s", async (how, error) => {
    const made = await start({ providers: [Chat] });
    const socket = await chat(made);
    const emitted: unknown[] = [];
    socket.on("exception", (exception) => emitted.push(exception));
    const [failed, said] = await Promise.all([
      socket.emitWithAck("fail", how),
      socket.emitWithAck("say", { text: "between" }),
    ]);
    expect(failed).toEqual({ ok: false, error });
    expect(said).toMatchObject({ said: "between" });
    expect(emitted).toEqual([]);
  });

  it("validation as of HTTP: which of three messages was wrong, and why", async () => {
    const made = await start({ providers: [Chat], before: (app) => app.useGlobalPipes(new Strict()) });
    const socket = await chat(made);
    const answers = await Promise.all(
      [{ text: "one" }, { text: 2 }, { text: "three" }].map((payload) => socket.emitWithAck("say", payload)),
    );
    expect(answers).toMatchObject([
      { said: "one" },
      { ok: false, error: { code: "INVALID_PAYLOAD", details: { errors: ["text must be a string"] } } },
      { said: "three" },
    ]);
  });

  it("an error that cannot be written, about data that cannot either, comes back without these", async () => {
    const made = await start({ providers: [Chat] });
    const socket = await chat(made);
    const error = { code: "FORBIDDEN", message: "Never", retryable: false };
    expect(await socket.emitWithAck("fail", "no-json")).toEqual({ ok: false, error });
    const emitted = new Promise((resolve) => socket.on("exception", resolve));
    // The stock client cannot write such data either.
    const deep = `${"[".repeat(20_000)}${"]".repeat(20_000)}`;
    socket.io.engine.write(`2/chat,["fail-deep",${deep}]`);
    expect(await emitted).toEqual({ status: "error", ...error, cause: { pattern: "fail-deep" } });
    expect(await socket.emitWithAck("say", { text: "still here" })).toMatchObject({ said: "still here" });
  });

  it("without an acknowledgement it is emitted, with the fields of Nest and a code", async () => {
    const made = await start({ providers: [Chat] });
    const socket = await chat(made);
    const exception = new Promise((resolve) => socket.once("exception", resolve));
    socket.emit("fail", "http");
    expect(await exception).toEqual({
      status: "error",
      code: "CONFLICT",
      message: "It is there already",
      retryable: false,
      cause: { pattern: "fail", data: "http" },
    });
  });

  it("filters of the application say what it is, or answer themselves; those for HTTP do no harm", async () => {
    @Catch(ConflictException)
    class Translate implements ExceptionFilter {
      catch(): GatewayError {
        return new GatewayError("NOT_FOUND", "Translated");
      }
    }
    @Catch(WsException)
    class Answer implements ExceptionFilter {
      catch(exception: WsException, host: ArgumentsHost): void {
        (host.getArgByIndex(2) as (answer: unknown) => void)({ mine: exception.message });
      }
    }
    @Catch(GatewayError)
    class ForHttp implements ExceptionFilter {
      catch(_exception: unknown, host: ArgumentsHost): void {
        host.switchToHttp().getResponse<{ status(code: number): { json(body: unknown): void } }>().status(500).json({});
      }
    }
    const made = await start({
      providers: [Chat, { provide: APP_FILTER, useClass: Translate }],
      before: (app) => app.useGlobalFilters(new Answer(), new ForHttp()),
    });
    const socket = await chat(made);
    expect(await socket.emitWithAck("fail", "http")).toMatchObject({
      error: { code: "NOT_FOUND", message: "Translated" },
    });
    expect(await socket.emitWithAck("fail", "ws")).toEqual({ mine: "The room is full" });
    expect(await socket.emitWithAck("fail", "gateway")).toMatchObject({ error: { code: "TOO_LARGE" } });
  });

  it("a filter that cannot be made costs nobody the answer", async () => {
    @Catch()
    @Injectable({ scope: Scope.REQUEST })
    class Broken implements ExceptionFilter {
      constructor() {
        throw new Error("no database");
      }
      catch(): void {}
    }
    const made = await start({ providers: [Chat, { provide: APP_FILTER, useClass: Broken, scope: Scope.REQUEST }] });
    const socket = await chat(made);
    expect(await socket.emitWithAck("fail", "http")).toMatchObject({ error: { code: "CONFLICT" } });
    expect(await socket.emitWithAck("say", { text: "on" })).toMatchObject({ said: "on" });
  });

  it("a gateway's own guards and filters are asked first, and one of its own can answer alike", async () => {
    class Polite extends RoomcastExceptionFilter {
      override toError(exception: unknown): GatewayError {
        return exception instanceof RangeError ? new GatewayError("LIMIT_REACHED", "Enough") : super.toError(exception);
      }
    }
    @UseFilters(Polite)
    @WebSocketGateway(CHAT)
    class Own {
      @UseGuards({ canActivate: () => false } satisfies CanActivate)
      @SubscribeMessage("guarded")
      guarded(): void {}

      @SubscribeMessage("range")
      range(): void {
        throw new RangeError("too much");
      }
    }
    const made = await start({ providers: [Own] });
    const socket = await chat(made);
    expect(await socket.emitWithAck("guarded", 1)).toMatchObject({ ok: false, error: { code: "FORBIDDEN" } });
    expect(await socket.emitWithAck("range", 1)).toMatchObject({ ok: false, error: { code: "LIMIT_REACHED" } });
  });
});

describe("nestjs/nest#13534: an application with connections that stand closes", () => {
  it.each(["express", "fastify"] as const)("on %s, those of own gateways among them", async (platform) => {
    const made = await start({ providers: [Chat], platform, roomcast: { drainSeconds: 30 } });
    const mine = await made.connect();
    const polling = await made.connect({ transports: ["polling"] });
    const theirs = await chat(made);
    const gone = [mine, polling, theirs].map((socket) => new Promise((resolve) => socket.once("disconnect", resolve)));
    const begin = performance.now();
    await made.app.close();
    await Promise.all(gone);
    expect(performance.now() - begin).toBeLessThan(20_000);
    expect((made.app.getHttpServer() as { listening: boolean }).listening).toBe(false);
    // Nothing is left of it: another has the port.
    const again = await application({ providers: [Chat], platform });
    started.push(again);
    await again.app.listen(Number(new URL(made.url).port), "127.0.0.1");
  });
});

describe("nestjs/nest#1368: gateways are tested end to end with real clients", () => {
  it("by a module for tests, a free port and tokens of its own", async () => {
    const { Test } = await import("@nestjs/testing");
    const module = await Test.createTestingModule({
      imports: [RoomcastTestingModule.forRoot()],
      providers: [Chat],
    }).compile();
    const app = module.createNestApplication({ logger: false });
    const url = await RoomcastTestingModule.listen(app);
    const { io } = await import("socket.io-client");
    const auth = { token: await RoomcastTestingModule.issueToken(app, { userId: "alice", tenantId: "acme" }) };
    const client = io(url, { auth, forceNew: true, reconnection: false });
    const session = await new Promise((resolve) => client.once("session", resolve));
    expect(session).toMatchObject({ userId: "alice", tenantId: "acme" });
    const own = io(`${url}/chat`, { path: CHAT.path, forceNew: true, reconnection: false });
    expect(await own.emitWithAck("say", { text: "hello" })).toMatchObject({ said: "hello" });
    own.disconnect();
    client.disconnect();
    await app.close();
  });
});

describe("beside the application's own gateways, on the same port", () => {
  it.each(["express", "fastify"] as const)("both serve all transports on %s", async (platform) => {
    const made = await start({ providers: [Chat], platform });
    for (const transports of [["websocket"], ["polling"], ["polling", "websocket"]]) {
      const mine = await made.connect({ transports });
      const theirs = await made.connect({ transports, namespace: "/chat", path: CHAT.path, auth: {} });
      expect(await mine.emitWithAck("subscribe", { topic: "news" })).toMatchObject({ ok: true });
      expect(await theirs.emitWithAck("say", { text: "hello" })).toMatchObject({ said: "hello" });
    }
  });

  @WebSocketGateway({ namespace: "/orders" })
  class Orders {
    @SubscribeMessage("order")
    order(): object {
      return { ordered: true };
    }
  }

  it("at the path where stock clients connect, Roomcast is told another", async () => {
    const message =
      'path is "/socket.io/", which Orders of this application has; it may be another, such as "/roomcast/socket.io/"';
    const taken = await application({ providers: [Orders] });
    await expect(taken.listen()).rejects.toThrow(message);
    await taken.close();
    const made = await start({ providers: [Orders], roomcast: { path: "/roomcast/socket.io/" } });
    const theirs = await made.connect({ namespace: "/orders", auth: {} });
    expect(await theirs.emitWithAck("order", 1)).toEqual({ ordered: true });
    const mine = await made.connect({ path: "/roomcast/socket.io/" });
    expect(await mine.emitWithAck("subscribe", { topic: "news" })).toMatchObject({ ok: true });
  });

  it("with an adapter of the application's own", async () => {
    class Adapter extends IoAdapter {}
    const made = await start({ providers: [Chat], before: (app) => app.useWebSocketAdapter(new Adapter(app)) });
    expect(await (await chat(made)).emitWithAck("fail", "ws")).toMatchObject({ error: { code: "FORBIDDEN" } });
  });
});

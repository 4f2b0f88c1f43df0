import {
  Logger,
  type ArgumentMetadata,
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type NestInterceptor,
  type PipeTransform,
  type Type,
} from "@nestjs/common";
import {
  EXCEPTION_FILTERS_METADATA,
  GUARDS_METADATA,
  INTERCEPTORS_METADATA,
  PIPES_METADATA,
} from "@nestjs/common/constants.js";
import type { ModuleRef, ModulesContainer } from "@nestjs/core";
import { ExecutionContextHost } from "@nestjs/core/helpers/execution-context-host.js";
import { GATEWAY_METADATA, GATEWAY_OPTIONS, PORT_METADATA } from "@nestjs/websockets/constants.js";
import { defer, mergeAll, type Observable } from "rxjs";
import { EnhancerScope, type Enhancers } from "./app-enhancers.ts";
import { RoomcastExceptionFilter } from "./exception-filter.ts";
import { translate } from "./filters.ts";
import { activate, intercept } from "./pipeline.ts";

/** A `@WebSocketGateway` class that shares the application's port. */
export interface GatewayPlace {
  readonly name: string;
  /** As its decorator has it; undefined where it has none. */
  readonly path: string | undefined;
}

/** Marks what stands at classes for a module; the same for all copies of this package. */
const STAND_IN = Symbol.for("roomcast.nest.stand-in");

/**
 * The application's own `@WebSocketGateway` classes. Nest reads what looks at their messages from the classes alone, and
 * leaves out what is set for the whole application. So a stand-in for that is put before what a class has: it asks the
 * application at each message. Another answers errors on acknowledgements, where none of the class's own filters does.
 */
export class OwnGateways {
  readonly #classes: readonly Type[];
  readonly #standIns: ReadonlyMap<string, object>;

  constructor(options: {
    readonly modules: ModulesContainer;
    readonly moduleRef: ModuleRef;
    /** Those of the whole application; undefined where they are not to hold for gateways. */
    readonly enhancers: Enhancers | undefined;
  }) {
    const { modules, moduleRef, enhancers } = options;
    const wrappers = [...modules.values()].flatMap(({ providers }) => [...providers.values()]);
    const types = wrappers.flatMap(({ metatype }) => (typeof metatype === "function" ? [metatype as Type] : []));
    this.#classes = [...new Set(types)].filter((type) => Reflect.hasMetadata(GATEWAY_METADATA, type));
    const scopes = new Scopes(moduleRef);
    const filter: readonly [string, object] = [EXCEPTION_FILTERS_METADATA, new LastFilter({ enhancers, scopes })];
    this.#standIns = new Map<string, object>(
      enhancers === undefined
        ? [filter]
        : [
            [GUARDS_METADATA, new GuardStandIn({ enhancers, scopes })],
            [INTERCEPTORS_METADATA, new InterceptorStandIn({ enhancers, scopes })],
            [PIPES_METADATA, new PipeStandIn({ enhancers, scopes })],
            filter,
          ],
    );
  }

  /** Those that share the application's port. */
  get places(): readonly GatewayPlace[] {
    return this.#classes
      .filter((type) => (Reflect.getMetadata(PORT_METADATA, type) ?? 0) === 0)
      .map((type) => {
        const { path } = (Reflect.getMetadata(GATEWAY_OPTIONS, type) ?? {}) as { readonly path?: string };
        return { name: type.name, path };
      });
  }

  /** Before Nest reads the classes. Those of an application that did so before are in its hands already. */
  install(): void {
    for (const type of this.#classes) {
      for (const [key, standIn] of this.#standIns) change(type, key, (others) => [standIn, ...others]);
    }
  }

  remove(): void {
    for (const type of this.#classes) {
      for (const [key, standIn] of this.#standIns) {
        const own = (Reflect.getOwnMetadata(key, type) ?? []) as readonly unknown[];
        if (own.includes(standIn)) change(type, key, (others) => others);
      }
    }
  }
}

function change(type: Type, key: string, make: (others: readonly unknown[]) => readonly unknown[]): void {
  const found = (Reflect.getMetadata(key, type) ?? []) as readonly unknown[];
  const others = found.filter((one) => !(typeof one === "object" && one !== null && STAND_IN in one));
  Reflect.defineMetadata(key, make(others), type);
}

/** One scope a message, for its guards and interceptors alike. */
class Scopes {
  readonly #moduleRef: ModuleRef;
  readonly #known = new WeakMap<object, EnhancerScope>();

  constructor(moduleRef: ModuleRef) {
    this.#moduleRef = moduleRef;
  }

  of(host: ArgumentsHost): EnhancerScope {
    const args = host.getArgs();
    const scope = this.#known.get(args) ?? this.fresh(args[0]);
    this.#known.set(args, scope);
    return scope;
  }

  fresh(request: unknown): EnhancerScope {
    return new EnhancerScope({ moduleRef: this.#moduleRef, request });
  }
}

interface StandInOptions {
  readonly enhancers: Enhancers;
  readonly scopes: Scopes;
}

class GuardStandIn implements CanActivate {
  readonly [STAND_IN] = true;
  readonly #options: StandInOptions;

  constructor(options: StandInOptions) {
    this.#options = options;
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const { enhancers, scopes } = this.#options;
    await activate(await enhancers.guards(scopes.of(context)), context);
    return true;
  }
}

class InterceptorStandIn implements NestInterceptor {
  readonly [STAND_IN] = true;
  readonly #options: StandInOptions;

  constructor(options: StandInOptions) {
    this.#options = options;
  }

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { enhancers, scopes } = this.#options;
    return defer(async () => intercept(await enhancers.interceptors(scopes.of(context)), { context, next })).pipe(
      mergeAll(),
    );
  }
}

class PipeStandIn implements PipeTransform {
  readonly [STAND_IN] = true;
  readonly #options: StandInOptions;

  constructor(options: StandInOptions) {
    this.#options = options;
  }

  async transform(given: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    // Nest gives all parameters of a handler to pipes: the socket and the acknowledgement are no input.
    if (typeof given === "function" || isSocket(given)) return given;
    const { enhancers, scopes } = this.#options;
    let value = given;
    for (const pipe of await enhancers.pipes(scopes.fresh(undefined))) value = await pipe.transform(value, metadata);
    return value;
  }
}

/** Behind all other filters: lets those of the application say what an exception means, and answers. */
class LastFilter extends RoomcastExceptionFilter {
  readonly [STAND_IN] = true;
  readonly #options: Partial<StandInOptions> & Pick<StandInOptions, "scopes">;

  constructor(options: { readonly enhancers: Enhancers | undefined; readonly scopes: Scopes }) {
    super();
    const { enhancers, scopes } = options;
    this.#options = enhancers === undefined ? { scopes } : { enhancers, scopes };
  }

  override catch(exception: unknown, host: ArgumentsHost): void {
    this.#answer(exception, host).catch((failure: unknown) => new Logger(RoomcastExceptionFilter.name).error(failure));
  }

  async #answer(exception: unknown, host: ArgumentsHost): Promise<void> {
    const { enhancers, scopes } = this.#options;
    let answered = false;
    const args = host.getArgs<unknown[]>().map((argument, at) => {
      if (at !== 2 || typeof argument !== "function") return argument;
      return (...answer: unknown[]): void => {
        if (!answered) Reflect.apply(argument, undefined, answer);
        answered = true;
      };
    });
    const own = new ExecutionContextHost(args);
    own.setType("ws");
    let meant = exception;
    try {
      const filters = (await enhancers?.filters(scopes.fresh(args[0]))) ?? [];
      meant = await translate(exception, { filters, host: own });
    } catch (failure) {
      // A filter that cannot be made: the client hears of what it would have been asked about.
      new Logger(RoomcastExceptionFilter.name).error(failure);
    }
    if (!answered) super.catch(meant, own);
  }
}

/** A socket of Socket.IO or of `ws`. What came over a wire has no functions, whatever its keys are. */
function isSocket(value: unknown): boolean {
  return (
    typeof value === "object" &&
    value !== null &&
    "emit" in value &&
    typeof value.emit === "function" &&
    ("handshake" in value || "readyState" in value)
  );
}

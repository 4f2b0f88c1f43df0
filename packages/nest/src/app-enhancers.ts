import {
  Scope,
  type CanActivate,
  type ExceptionFilter,
  type NestInterceptor,
  type PipeTransform,
  type Type,
} from "@nestjs/common";
import { ContextIdFactory, NestContainer, type ApplicationConfig, type ContextId, type ModuleRef } from "@nestjs/core";
import { UnknownElementException } from "@nestjs/core/errors/exceptions/unknown-element.exception.js";
import type { Enhancer, NestOptions } from "./options.ts";

/** One connection or message, for which enhancers that live no longer are made. */
export class EnhancerScope {
  readonly #moduleRef: ModuleRef;
  readonly #request: unknown;
  #contextId: ContextId | undefined;

  constructor(options: { readonly moduleRef: ModuleRef; readonly request: unknown }) {
    this.#moduleRef = options.moduleRef;
    this.#request = options.request;
  }

  async resolve<T>(token: Type<T> | string | symbol): Promise<T> {
    if (this.#contextId === undefined) {
      this.#contextId = ContextIdFactory.create();
      this.#moduleRef.registerRequestByContextId(this.#request, this.#contextId);
    }
    return await this.#moduleRef.resolve<T>(token, this.#contextId, { strict: false });
  }
}

type Source<T> = (scope: EnhancerScope) => T | Promise<T>;

/** What looks at something: of each kind, in Nest's order. */
export interface Enhancers {
  guards(scope: EnhancerScope): Promise<readonly CanActivate[]>;
  interceptors(scope: EnhancerScope): Promise<readonly NestInterceptor[]>;
  pipes(scope: EnhancerScope): Promise<readonly PipeTransform[]>;
  /** The one to be asked first is first. */
  filters(scope: EnhancerScope): Promise<readonly ExceptionFilter[]>;
}

/** Those of the whole application: set by `useGlobal…`, or provided as `APP_…`, of whatever scope. */
export class AppEnhancers implements Enhancers {
  readonly #config: ApplicationConfig;

  constructor(moduleRef: ModuleRef) {
    this.#config = configOf(moduleRef);
  }

  async guards(scope: EnhancerScope): Promise<readonly CanActivate[]> {
    const config = this.#config;
    return [...config.getGlobalGuards(), ...(await scoped<CanActivate>(config.getGlobalRequestGuards(), scope))];
  }

  async interceptors(scope: EnhancerScope): Promise<readonly NestInterceptor[]> {
    const config = this.#config;
    const made = await scoped<NestInterceptor>(config.getGlobalRequestInterceptors(), scope);
    return [...config.getGlobalInterceptors(), ...made];
  }

  async pipes(scope: EnhancerScope): Promise<readonly PipeTransform[]> {
    const config = this.#config;
    return [...config.getGlobalPipes(), ...(await scoped<PipeTransform>(config.getGlobalRequestPipes(), scope))];
  }

  async filters(scope: EnhancerScope): Promise<readonly ExceptionFilter[]> {
    const config = this.#config;
    const made = await scoped<ExceptionFilter>(config.getGlobalRequestFilters(), scope);
    return [...config.getGlobalFilters(), ...made].toReversed();
  }
}

/** Those that a module's options name, after those of the whole application. */
export async function ownEnhancers(
  options: NestOptions,
  { moduleRef, before }: { readonly moduleRef: ModuleRef; readonly before: Enhancers | undefined },
): Promise<Enhancers> {
  const [guards, interceptors, pipes, filters] = await Promise.all([
    sources(options.guards, moduleRef),
    sources(options.interceptors, moduleRef),
    sources(options.pipes, moduleRef),
    sources(options.filters, moduleRef),
  ]);
  return {
    guards: async (scope) => [...((await before?.guards(scope)) ?? []), ...(await made(guards, scope))],
    interceptors: async (scope) => [
      ...((await before?.interceptors(scope)) ?? []),
      ...(await made(interceptors, scope)),
    ],
    pipes: async (scope) => [...((await before?.pipes(scope)) ?? []), ...(await made(pipes, scope))],
    filters: async (scope) => [...(await made(filters, scope)).toReversed(), ...((await before?.filters(scope)) ?? [])],
  };
}

async function made<T>(all: readonly Source<T>[], scope: EnhancerScope): Promise<readonly T[]> {
  return await Promise.all(all.map((source) => source(scope)));
}

async function scoped<T>(
  wrappers: readonly { readonly token: unknown }[],
  scope: EnhancerScope,
): Promise<readonly T[]> {
  return await Promise.all(wrappers.map(({ token }) => scope.resolve<T>(token as string)));
}

async function sources<T extends object>(
  enhancers: readonly Enhancer<T>[] | undefined,
  moduleRef: ModuleRef,
): Promise<readonly Source<T>[]> {
  return await Promise.all((enhancers ?? []).map((enhancer) => sourceOf(enhancer, moduleRef)));
}

/** The application's provider of a class; where it has none, one that is made with what the module can inject. */
async function sourceOf<T extends object>(enhancer: Enhancer<T>, moduleRef: ModuleRef): Promise<Source<T>> {
  if (typeof enhancer !== "function") return () => enhancer;
  if (!isProvided(enhancer, moduleRef)) {
    const instance = await moduleRef.create<T>(enhancer);
    return () => instance;
  }
  if (moduleRef.introspect(enhancer).scope !== Scope.DEFAULT) return (scope) => scope.resolve(enhancer);
  const instance = moduleRef.get<T>(enhancer, { strict: false });
  return () => instance;
}

function isProvided(type: Type, moduleRef: ModuleRef): boolean {
  try {
    moduleRef.introspect(type);
    return true;
  } catch (thrown) {
    if (thrown instanceof UnknownElementException) return false;
    throw thrown;
  }
}

/** Nest gives no other way to what `useGlobalGuards` and its like have set. */
export function configOf(moduleRef: ModuleRef): ApplicationConfig {
  const container: unknown = Reflect.get(moduleRef, "container");
  const config = container instanceof NestContainer ? container.applicationConfig : undefined;
  if (config !== undefined) return config;
  throw new TypeError("This version of Nest does not tell its global guards, pipes, interceptors and filters");
}

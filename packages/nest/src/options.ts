import type {
  CanActivate,
  ExceptionFilter,
  InjectionToken,
  ModuleMetadata,
  NestInterceptor,
  OptionalFactoryDependency,
  PipeTransform,
  Type,
} from "@nestjs/common";
import type { RealtimeOptions } from "@roomcast/core/crud";
import type { EmbedOptions } from "@roomcast/server";

/** A class, for which the application's provider is used where it has one, or an object. */
export type Enhancer<T extends object> = Type<T> | T;

/** Nest's side of a module's options: what looks at connections, and what becomes of an application's own gateways. */
export interface NestOptions {
  /** Where clients connect; `/socket.io/` unless given. */
  readonly path?: string | undefined;
  /** Look at each connection, after those of the whole application. */
  readonly guards?: readonly Enhancer<CanActivate>[] | undefined;
  readonly interceptors?: readonly Enhancer<NestInterceptor>[] | undefined;
  /** Look at what a client sends to log in with (`handshake.auth`). */
  readonly pipes?: readonly Enhancer<PipeTransform>[] | undefined;
  /** Say what a client is told of what was thrown while it connected. */
  readonly filters?: readonly Enhancer<ExceptionFilter>[] | undefined;
  /**
   * Whether guards, pipes, interceptors and filters of the whole application hold for connections and for the messages of its
   * own gateways too; true unless given. Those gateways' errors come back on acknowledgements either way.
   */
  readonly inheritAppConfig?: boolean | undefined;
  /** How decorated services are bound to the gateway. */
  readonly realtime?: RealtimeOptions<never> | undefined;
}

/** Options of `embed`, and Nest's. The log goes to Nest's logger unless `logger` is given. */
export interface RoomcastModuleOptions extends EmbedOptions, NestOptions {}

export interface RoomcastModuleAsyncOptions {
  readonly imports?: ModuleMetadata["imports"];
  readonly inject?: readonly (InjectionToken | OptionalFactoryDependency)[];
  /** May take its time; what it throws ends the start of the application. */
  // The types of what is injected are the factory's own, as everywhere in Nest.
  readonly useFactory: (...injected: never[]) => RoomcastModuleOptions | Promise<RoomcastModuleOptions>;
}

import { Module, type DynamicModule, type InjectionToken, type OptionalFactoryDependency } from "@nestjs/common";
import { HttpAdapterHost, ModuleRef, ModulesContainer } from "@nestjs/core";
import { refuseCycle } from "./cycle.ts";
import { RoomcastHost } from "./host.ts";
import type { RoomcastModuleAsyncOptions, RoomcastModuleOptions } from "./options.ts";
import { ROOMCAST, ROOMCAST_GATEWAY, ROOMCAST_HOST, ROOMCAST_OPTIONS } from "./tokens.ts";

/**
 * Roomcast in a Nest application, on its HTTP server. To be configured once, in the root module; what it provides can be
 * injected everywhere by `@InjectGateway()` and `@InjectRoomcast()`.
 *
 * The start of the application fails with `ConfigError` for wrong options, and with `UNAVAILABLE` where the broker is away.
 */
export class RoomcastModule {
  static forRoot(options: RoomcastModuleOptions = {}): DynamicModule {
    return RoomcastModule.forRootAsync({ useFactory: () => options });
  }

  static forRootAsync({ imports, inject, useFactory }: RoomcastModuleAsyncOptions): DynamicModule {
    return {
      module: RoomcastModule,
      global: true,
      ...(imports === undefined ? undefined : { imports }),
      providers: [
        {
          provide: ROOMCAST_OPTIONS,
          useFactory: useFactory as (...injected: unknown[]) => RoomcastModuleOptions | Promise<RoomcastModuleOptions>,
          inject: [...(inject ?? [])] as (InjectionToken | OptionalFactoryDependency)[],
        },
        { provide: Symbol("check"), useFactory: refuseCycle, inject: [ModulesContainer] },
        {
          provide: ROOMCAST_HOST,
          useFactory: (
            options: RoomcastModuleOptions,
            moduleRef: ModuleRef,
            modules: ModulesContainer,
            adapterHost: HttpAdapterHost,
          ) => new RoomcastHost({ options, moduleRef, modules, adapterHost }),
          inject: [ROOMCAST_OPTIONS, ModuleRef, ModulesContainer, HttpAdapterHost],
        },
        { provide: ROOMCAST, useFactory: ({ roomcast }: RoomcastHost) => roomcast, inject: [ROOMCAST_HOST] },
        {
          provide: ROOMCAST_GATEWAY,
          useFactory: ({ roomcast }: RoomcastHost) => roomcast.gateway,
          inject: [ROOMCAST_HOST],
        },
      ],
      exports: [ROOMCAST, ROOMCAST_GATEWAY],
    };
  }
}

// Applied by hand: sources without the syntax of decorators run as they are.
Module({})(RoomcastModule);

import { Scope } from "@nestjs/common";
import type { ModulesContainer } from "@nestjs/core";
import {
  bindRealtime,
  isRealtime,
  unbindRealtime,
  type RealtimeGateway,
  type RealtimeOptions,
} from "@roomcast/core/crud";

/**
 * The providers and controllers of an application that have methods with `@RealtimeCreated` and its like. Those of which
 * there is one are bound themselves; of those that are made for each request or each user of theirs, the class is: of
 * several applications in one process that share it, the last one's gateway hears of them.
 */
export class RealtimeServices {
  readonly #modules: ModulesContainer;
  readonly #gateway: RealtimeGateway;
  readonly #options: RealtimeOptions<never> | undefined;
  readonly #bound: object[] = [];

  constructor(options: {
    readonly modules: ModulesContainer;
    readonly gateway: RealtimeGateway;
    readonly realtime: RealtimeOptions<never> | undefined;
  }) {
    this.#modules = options.modules;
    this.#gateway = options.gateway;
    this.#options = options.realtime;
  }

  /** When the application's providers are there. */
  bind(): void {
    for (const { providers, controllers } of this.#modules.values()) {
      for (const wrapper of [...providers.values(), ...controllers.values()]) {
        const one = wrapper.isDependencyTreeStatic() && wrapper.scope !== Scope.TRANSIENT;
        const service: unknown = one ? wrapper.instance : prototypeOf(wrapper.metatype);
        if (!isRealtime(service)) continue;
        bindRealtime<object, never>(service, this.#gateway, this.#options);
        this.#bound.push(service);
      }
    }
  }

  unbind(): void {
    for (const service of this.#bound.splice(0)) unbindRealtime(service, this.#gateway);
  }
}

function prototypeOf(type: unknown): unknown {
  return typeof type === "function" ? type.prototype : undefined;
}

import { Logger, type ExecutionContext, type PipeTransform } from "@nestjs/common";
import type { ModuleRef } from "@nestjs/core";
import { ExecutionContextHost } from "@nestjs/core/helpers/execution-context-host.js";
import type { Arrival } from "@roomcast/core";
import { defer, lastValueFrom } from "rxjs";
import { EnhancerScope, type Enhancers } from "./app-enhancers.ts";
import { clientOf, type RoomcastClient } from "./client.ts";
import { toGatewayError } from "./exceptions.ts";
import { translate } from "./filters.ts";
import { activate, intercept } from "./pipeline.ts";

/** What `context.switchToWs().getPattern()` is for a connection; messages have their names there. */
export const CONNECTION = "connection";

/**
 * Where connections arrive, in the eyes of Nest: `context.getClass()` and `getHandler()` of what looks at one are this class
 * and its method `connect`, and the context's type is `ws`.
 */
export class RoomcastConnections {
  readonly #enhancers: Enhancers;
  readonly #moduleRef: ModuleRef;

  constructor(options: { readonly enhancers: Enhancers; readonly moduleRef: ModuleRef }) {
    this.#enhancers = options.enhancers;
    this.#moduleRef = options.moduleRef;
  }

  /** Guards, then interceptors around pipes, as for any handler. Rejects with what the client is told. */
  async connect(arrival: Arrival): Promise<void> {
    const client = clientOf(arrival);
    const context = new ExecutionContextHost(
      [client, client.handshake.auth, undefined, CONNECTION],
      RoomcastConnections,
      HANDLER,
    );
    context.setType("ws");
    const scope = new EnhancerScope({ moduleRef: this.#moduleRef, request: client });
    try {
      await this.#pass(client, { context, scope });
    } catch (thrown) {
      // Whatever a filter does, who was refused is refused.
      const filters = await this.#enhancers.filters(scope);
      const error = toGatewayError(await translate(thrown, { filters, host: context }));
      if (error.code === "INTERNAL") new Logger(RoomcastConnections.name).error(error.cause ?? thrown);
      throw error;
    }
  }

  async #pass(
    client: RoomcastClient,
    { context, scope }: { readonly context: ExecutionContext; readonly scope: EnhancerScope },
  ): Promise<void> {
    await activate(await this.#enhancers.guards(scope), context);
    const interceptors = await this.#enhancers.interceptors(scope);
    const next = {
      handle: () =>
        defer(async () => {
          await check(client.handshake.auth, await this.#enhancers.pipes(scope));
        }),
    };
    await lastValueFrom(intercept(interceptors, { context, next }), { defaultValue: undefined });
  }
}

const HANDLER = Reflect.get(RoomcastConnections.prototype, "connect") as (arrival: Arrival) => Promise<void>;

async function check(auth: unknown, pipes: readonly PipeTransform[]): Promise<void> {
  let value = auth;
  for (const pipe of pipes) value = await pipe.transform(value, { type: "body", metatype: Object });
}

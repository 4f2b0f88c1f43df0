import type { FastifyInstance, FastifyPluginAsync } from "fastify";
import type { Server } from "node:http";
import type { Server as SecureServer } from "node:https";
import type { EmbedOptions } from "../config/embed-options.ts";
import { embed, type Embedded } from "../embed.ts";
import { isMounted } from "../http-mount.ts";

export type { Embedded, EmbedOptions };

const NAME = "roomcast";

/**
 * A Fastify 5 plugin that puts Roomcast on the server of the application, which serves it when it listens. What is in the
 * context where it is registered, and in those below, gets at it by `getRoomcast`. Starting fails where Roomcast cannot: with
 * `ConfigError` for wrong options, with `UNAVAILABLE` where its broker is away. Closing the application drains it. Its log is
 * the application's unless `logger` is another.
 */
export const roomcast: FastifyPluginAsync<EmbedOptions, Server | SecureServer> = Object.assign(
  async (app: FastifyInstance<Server | SecureServer>, options: EmbedOptions): Promise<void> => {
    const embedded = embed(app.server, { logger: app.log, ...options });
    app.decorate(NAME, embedded);
    app.addHook("onReady", () => embedded.ready());
    // Before Fastify closes its server, which would wait for the clients; the other is for an application that never started.
    app.addHook("preClose", () => embedded.close());
    app.addHook("onClose", () => embedded.close());
    // Where it is to listen on `localhost`, Fastify makes a server for each of its addresses, and only one is `app.server`.
    app.addHook("onRequest", (request, reply, done) => {
      if (!isMounted(app.server, request.raw)) return done();
      reply.hijack();
      app.server.emit("request", request.raw, reply.raw);
    });
  },
  {
    // For the context that registers it, and not for one of its own; the marks of `fastify-plugin`.
    [Symbol.for("skip-override")]: true,
    [Symbol.for("fastify.display-name")]: NAME,
    [Symbol.for("plugin-meta")]: { name: NAME, fastify: "5.x" },
  },
);

/** What the plugin put into an application, or into the context that it was registered in. Throws Fastify's error where it was not. */
export function getRoomcast(app: { getDecorator<T>(name: string): T }): Embedded {
  return app.getDecorator<Embedded>(NAME);
}

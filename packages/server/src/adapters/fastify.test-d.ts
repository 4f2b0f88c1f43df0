import type { Gateway } from "@roomcast/core";
import fastify, { type FastifyInstance } from "fastify";
import { expectTypeOf } from "vitest";
import { getRoomcast, roomcast, type Embedded } from "./fastify.ts";

const auth = { jwt: { secret: "a secret of the application, of 32 bytes" } };
const app = fastify();
void app.register(roomcast, { auth });
void app.register(roomcast, { auth, rest: { prefix: "/realtime" }, channels: [{ match: "a", publish: "service" }] });
// @ts-expect-error: no such option
void app.register(roomcast, { auth, prot: 1 });
// @ts-expect-error: the port is the application's
void app.register(roomcast, { auth, port: 3000 });
// @ts-expect-error: parts of it are spread in instead
void app.register(roomcast, { auth, redis: { url: "redis://host" } });
expectTypeOf(getRoomcast(app)).toEqualTypeOf<Embedded>();
expectTypeOf(getRoomcast(app).gateway).toEqualTypeOf<Gateway>();
getRoomcast(app)
  .issueToken({ userId: "alice" })
  .catch(() => undefined);

const secure = fastify({ https: {} });
void secure.register(roomcast, { auth });
expectTypeOf(getRoomcast(secure)).toEqualTypeOf<Embedded>();

const plugin = async (inner: FastifyInstance): Promise<void> => {
  await inner.register(roomcast, () => ({ auth }));
  expectTypeOf(getRoomcast(inner)).toEqualTypeOf<Embedded>();
};
void app.register(plugin, { prefix: "/v1" });

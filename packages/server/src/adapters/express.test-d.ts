import express from "express";
import { createServer } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { expectTypeOf } from "vitest";
import { roomcast, type ExpressRoomcast } from "./express.ts";
import { roomcast as onNode, type Embedded } from "./node.ts";

const options = { auth: { jwt: { secret: "a secret of the application, of 32 bytes" } } };
const app = express();
expectTypeOf(roomcast(app, options)).toEqualTypeOf<ExpressRoomcast>();
expectTypeOf(roomcast(createServer(app), options)).toEqualTypeOf<ExpressRoomcast>();
expectTypeOf(roomcast(createSecureServer(app), options)).toEqualTypeOf<ExpressRoomcast>();
roomcast(app, options).listen(3000, "127.0.0.1", (error?: Error) => {
  if (error !== undefined) throw error;
});
// A secret of the environment may be missing; that is for the start to say.
roomcast(app, { auth: { jwt: { secret: process.env["JWT_SECRET"] } } });
// @ts-expect-error: no such option
roomcast(app, { ...options, prot: 1 });

expectTypeOf(onNode(createServer(), options)).toEqualTypeOf<Embedded>();
expectTypeOf(onNode(createSecureServer(), options)).toEqualTypeOf<Embedded>();
// @ts-expect-error: an application is no server
onNode(app, options);

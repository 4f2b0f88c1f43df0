import process from "node:process";
import { Module } from "@nestjs/common";
import { RoomcastModule, type RoomcastModuleOptions } from "@roomcast/nest";
import { redisParts } from "@roomcast/redis";
import { EventsGateway, NAMESPACE } from "./events.gateway.ts";

function options(): RoomcastModuleOptions {
  const { JWT_SECRET, FRONTEND_URL, REDIS_URL } = process.env;
  if (!JWT_SECRET) throw new Error("JWT_SECRET is not set: what are the tokens of users signed with?");
  return {
    ...(REDIS_URL ? redisParts({ url: REDIS_URL }) : undefined),
    auth: { jwt: { secret: JWT_SECRET } },
    ...(FRONTEND_URL ? { cors: FRONTEND_URL } : undefined),
    dialects: { plazer: { namespace: NAMESPACE } },
    // Besides the rooms that everybody has, of themselves (`user:`) and of their organisation (`org:`).
    channels: [{ match: "room:{id}", subscribe: "authenticated", publish: "member" }],
  };
}

/** Real-time on the server of the application; to be imported by its root module. */
@Module({
  imports: [RoomcastModule.forRootAsync({ useFactory: options })],
  providers: [EventsGateway],
  exports: [EventsGateway],
})
export class WebSocketsModule {}

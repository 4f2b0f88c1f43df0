// A Nest application of CommonJS, which must run with every version of Nest that the package takes. Decorators are applied
// by hand: it is run as it is.
"use strict";

require("reflect-metadata");
const { BadRequestException, Catch, Injectable, Module, Scope } = require("@nestjs/common");
const { APP_FILTER, APP_GUARD, APP_PIPE, NestFactory } = require("@nestjs/core");
const { MessageBody, SubscribeMessage, WebSocketGateway } = require("@nestjs/websockets");
const { CreateResult, RealtimeCreated, ROOMCAST, RoomcastModule } = require("@roomcast/nest");

class Chat {
  say(text) {
    return { said: text };
  }

  fail() {
    throw new BadRequestException("never");
  }
}
decorate(Chat, "say", SubscribeMessage("say"));
decorate(Chat, "fail", SubscribeMessage("fail"));
for (const name of ["say", "fail"]) {
  Reflect.defineMetadata("design:paramtypes", [String], Chat.prototype, name);
  MessageBody()(Chat.prototype, name, 0);
}
WebSocketGateway({ namespace: "/chat", path: "/chat/socket.io" })(Chat);

class Tasks {
  async create(title) {
    return new CreateResult("task", { title });
  }
}
decorate(Tasks, "create", RealtimeCreated({ room: "tasks" }));
Injectable({ scope: Scope.TRANSIENT })(Tasks);

class NoMallory {
  canActivate(context) {
    const client = context.getType() === "ws" ? context.switchToWs().getClient() : undefined;
    return client?.principal?.userId !== "mallory";
  }
}
Injectable()(NoMallory);

class Trimmed {
  transform(value, { type }) {
    return type === "body" && typeof value === "string" ? value.trim() : value;
  }
}

class Renamed {
  catch(exception) {
    return exception.message === "never" ? new BadRequestException("renamed") : exception;
  }
}
Catch(BadRequestException)(Renamed);

class AppModule {}
Module({
  imports: [RoomcastModule.forRoot({ auth: { jwt: { secret: "a secret of this application, long enough" } } })],
  providers: [
    Chat,
    Tasks,
    { provide: APP_GUARD, useClass: NoMallory },
    { provide: APP_PIPE, useClass: Trimmed },
    { provide: APP_FILTER, useClass: Renamed },
  ],
})(AppModule);

async function main() {
  const app = await NestFactory.create(AppModule, { logger: ["warn", "error"], abortOnError: false });
  app.enableShutdownHooks(["SIGTERM"]);
  const roomcast = app.get(ROOMCAST);
  const tasks = await app.resolve(Tasks);
  process.on("message", () => void tasks.create("Bread"));
  await app.listen(0, "127.0.0.1");
  const tokens = {};
  for (const userId of ["alice", "mallory"]) tokens[userId] = (await roomcast.issueToken({ userId })).token;
  process.send({ url: await app.getUrl(), tokens });
}

function decorate(type, name, decorator) {
  const descriptor = Object.getOwnPropertyDescriptor(type.prototype, name);
  Object.defineProperty(type.prototype, name, decorator(type.prototype, name, descriptor) ?? descriptor);
}

void main();

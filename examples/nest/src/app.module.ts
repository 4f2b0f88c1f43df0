import { Module } from "@nestjs/common";
import { RoomcastModule } from "@roomcast/nest";
import { LoginController } from "./login.controller.ts";
import { TasksController } from "./tasks.controller.ts";
import { TasksService } from "./tasks.service.ts";
import { SECRET, Tokens } from "./tokens.ts";

@Module({
  imports: [
    RoomcastModule.forRoot({ auth: { jwt: { secret: SECRET } }, channels: [{ match: "tasks", publish: "service" }] }),
  ],
  controllers: [LoginController, TasksController],
  providers: [TasksService, Tokens],
})
export class AppModule {}

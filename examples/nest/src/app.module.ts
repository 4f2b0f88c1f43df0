import { Module } from "@nestjs/common";
import { LoginController } from "./login.controller.ts";
import { TasksController } from "./tasks.controller.ts";
import { TasksService } from "./tasks.service.ts";
import { Tokens } from "./tokens.ts";

@Module({
  controllers: [LoginController, TasksController],
  providers: [TasksService, Tokens],
})
export class AppModule {}

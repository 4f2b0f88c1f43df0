import { Controller, Get, Module } from "@nestjs/common";
import { WebSocketsModule } from "./websockets/websockets.module.ts";

@Controller()
class StatusController {
  @Get()
  status(): { readonly status: string } {
    return { status: "ok" };
  }
}

@Module({ imports: [WebSocketsModule], controllers: [StatusController] })
export class AppModule {}

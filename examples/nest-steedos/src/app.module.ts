import { Module } from "@nestjs/common";
import { RoomcastModule } from "@roomcast/nest";
import { AuthModule } from "./auth.module.ts";
import { AuthService } from "./auth.service.ts";
import { BrokerService } from "./broker.service.ts";
import { RecordsController } from "./records.controller.ts";
import { SECRET } from "./secret.ts";

@Module({
  imports: [
    AuthModule,
    // What stands here in the place of the Steedos Server's AppGateway.
    RoomcastModule.forRootAsync({
      imports: [AuthModule],
      inject: [AuthService],
      useFactory: (auth: AuthService) => ({
        auth: {
          jwt: { secret: SECRET },
          cookie: { getUserByToken: (token) => auth.getUserByToken(token) },
        },
      }),
    }),
  ],
  controllers: [RecordsController],
  providers: [BrokerService],
})
export class AppModule {}

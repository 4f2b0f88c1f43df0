import { Module } from "@nestjs/common";
import { AuthService } from "./auth.service.ts";

@Module({ providers: [AuthService], exports: [AuthService] })
export class AuthModule {}

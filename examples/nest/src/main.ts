import "reflect-metadata";
import { NestFactory } from "@nestjs/core";
import process from "node:process";
import { AppModule } from "./app.module.ts";

const { PORT = "3000" } = process.env;

const app = await NestFactory.create(AppModule, { logger: ["warn", "error"] });
app.enableShutdownHooks(["SIGTERM"], { useProcessExit: true });
await app.listen(Number(PORT), "127.0.0.1");
console.log(`Tasks: ${await app.getUrl()}/`);

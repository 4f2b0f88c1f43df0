import "reflect-metadata";
import process from "node:process";
import { NestFactory } from "@nestjs/core";
import { AppModule } from "./app.module.ts";

const { PORT = "3000" } = process.env;

const app = await NestFactory.create(AppModule, { logger: ["warn", "error"] });
app.enableShutdownHooks();
await app.listen(Number(PORT));
console.log(`API: http://localhost:${PORT}/`);

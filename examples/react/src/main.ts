import { createGateway, systemClock } from "@roomcast/core";
import { attach, createLogger, JwtAuthenticator, logObserver, TokenIssuer } from "@roomcast/server";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { createApp } from "./app.ts";
import { Chat } from "./chat.ts";

const {
  PORT = "3000",
  // Tokens of one run are void in the next, unless the secret stays.
  ROOMCAST_JWT_SECRET: secret = randomBytes(32).toString("hex"),
} = process.env;
const clock = systemClock;
const tenantId = "default";
const users = ["ada", "grace"];

// The gateway, and who may connect. Whoever is in the room may say that they are typing; messages come from the server.
const auth = new JwtAuthenticator({ secret, clock });
const gateway = createGateway({ auth, observer: logObserver(createLogger({ level: "warn" })) });

// The page, its API and the gateway on one port.
const chat = new Chat({ gateway, tenantId, users });
const app = createApp({ chat, auth, issuer: new TokenIssuer({ secret, clock }), tenantId, users });
const httpServer = createServer(app);
const roomcast = attach(httpServer, gateway);

httpServer.listen(Number(PORT), "127.0.0.1");
await once(httpServer, "listening");
console.log(`Chat: http://127.0.0.1:${(httpServer.address() as AddressInfo).port}/`);

let closing: Promise<void> | undefined;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    closing ??= roomcast.close({ drainSeconds: 5 });
  });
}

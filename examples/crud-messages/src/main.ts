import { createGateway, systemClock } from "@roomcast/core";
import { bindRealtime } from "@roomcast/core/crud";
import { attach, createLogger, JwtAuthenticator, logObserver, RoomTokens, TokenIssuer } from "@roomcast/server";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { createApp } from "./app.ts";
import { MessageService } from "./message-service.ts";
import { MessageTable } from "./message-table.ts";

const {
  PORT = "3000",
  MESSAGES_FILE = fileURLToPath(new URL("../messages.db", import.meta.url)),
  // Tokens of one run are void in the next, unless the secret stays.
  ROOMCAST_JWT_SECRET: secret = randomBytes(32).toString("hex"),
} = process.env;
const clock = systemClock;

// The gateway, and who may connect.
const auth = new JwtAuthenticator({ secret, clock });
const gateway = createGateway({ auth, observer: logObserver(createLogger({ level: "warn" })) });

// The service, whose decorated methods announce on this gateway what they have done.
const table = new MessageTable({ file: MESSAGES_FILE });
const messages = bindRealtime(new MessageService({ table }), gateway);

// HTTP and sockets on one port; the gateway comes after the application and takes its own paths. With the Twake dialect,
// rooms with a "/" before their names open to room tokens only.
const roomTokens = new RoomTokens({ secret, clock });
const app = createApp({ messages, auth, roomTokens, issuer: new TokenIssuer({ secret, clock }) });
const httpServer = createServer(app);
const roomcast = attach(httpServer, gateway, { dialects: { native: true, twake: true }, roomTokens });

httpServer.listen(Number(PORT), "127.0.0.1");
await once(httpServer, "listening");
console.log(`Messages: http://127.0.0.1:${(httpServer.address() as AddressInfo).port}/`);

let closing: Promise<void> | undefined;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    closing ??= roomcast.close({ drainSeconds: 5 }).finally(() => table.close());
  });
}

import type { IncomingMessage } from "node:http";
import { Server, type Transport } from "engine.io";
import { WebSocketTransport } from "./transport.ts";
import { GatewayWebSocket } from "./ws-engine.ts";

type EngineRequest = IncomingMessage & ConstructorParameters<typeof Transport>[0];

/** Engine.IO, with our own transport over those WebSockets that write through the writer. */
export class GatewayEngine extends Server {
  protected override createTransport(
    name: "polling" | "websocket" | "webtransport",
    request: IncomingMessage,
  ): Transport {
    const webSocket: unknown = name === "websocket" ? Reflect.get(request, "websocket") : undefined;
    if (webSocket instanceof GatewayWebSocket && webSocket.outlet !== undefined) {
      return new WebSocketTransport(request as EngineRequest, webSocket);
    }
    return super.createTransport(name, request);
  }
}

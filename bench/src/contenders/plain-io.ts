import { importKey, verifyToken } from "../token.ts";
import { createServer, type Server as HttpServer } from "node:http";
import { Server, type ServerOptions } from "socket.io";

/** Of whoever is connected: what the token says. */
export interface PlainUser {
  readonly userId: string;
}

/** Socket.IO as people set it up by hand: WebSockets, and a token check in a middleware. */
export async function plainIo(
  options: Partial<ServerOptions> = {},
): Promise<{ readonly httpServer: HttpServer; readonly io: Server }> {
  const key = await importKey();
  const httpServer = createServer();
  const io = new Server(httpServer, { transports: ["websocket"], serveClient: false, ...options });
  io.use((socket, next) => {
    verifyToken(key, String(socket.handshake.auth["token"])).then(
      (userId) => {
        socket.data = { userId } satisfies PlainUser;
        next();
      },
      () => next(new Error("The token is not valid")),
    );
  });
  return { httpServer, io };
}

/** Whoever asks for a topic is put into its room. */
export function followRooms(io: Server): void {
  io.on("connection", (socket) => {
    socket.on("subscribe", (payload: { topic: string }, acknowledge: (answer: unknown) => void) => {
      void socket.join(payload.topic);
      acknowledge({ ok: true });
    });
  });
}

import { WebSocket } from "ws";
import { answer, fail } from "./child.ts";
import { connectCrowd } from "./crowd.ts";
import { importKey, signToken } from "./token.ts";

/**
 * Connections that only sit there: the Socket.IO protocol by hand over WebSocket, so that ten thousand of them cost the
 * load side little. Each authenticates, subscribes to two topics and answers pings.
 *
 * Arguments: port, connections, how many connect at a time. Asked: `connect`, `leave`.
 */
const [port, connections, atOnce] = process.argv.slice(2).map(Number) as [number, number, number];
const key = await importKey();
const sockets: WebSocket[] = [];

answer({
  connect: async () => {
    await connectCrowd({ to: connections, atOnce }, open);
  },
  leave: () => {
    for (const socket of sockets) socket.removeAllListeners("close").terminate();
  },
});

async function open(index: number): Promise<void> {
  const token = await signToken(key, `user${index}`);
  const socket = new WebSocket(`ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`, {
    perMessageDeflate: false,
  });
  sockets.push(socket);
  let acknowledged = 0;
  await new Promise<void>((resolve, reject) => {
    socket.on("error", reject);
    socket.on("close", () => fail("The server closed a connection"));
    socket.on("message", (data: Buffer) => {
      const text = data.toString();
      if (text.startsWith("0")) socket.send(`40${JSON.stringify({ token })}`);
      else if (text === "2") socket.send("3");
      else if (text.startsWith("40")) {
        socket.send(`420["subscribe",{"topic":"room:${index % 1000}"}]`);
        socket.send(`421["subscribe",{"topic":"feed:${index % 10}"}]`);
      } else if (text.startsWith("43")) {
        if (!text.includes('"ok":true')) reject(new Error(`Refused: ${text}`));
        if (++acknowledged === 2) resolve();
      } else if (text.startsWith("44")) reject(new Error(`Refused: ${text}`));
    });
  });
}

// Clients that connect, subscribe to two channels and sit there; in a process of their own, so that only the server's side
// is in the heap that a test looks at. Arguments: port, how many.
import { WebSocket } from "ws";

const [port, count] = process.argv.slice(2).map(Number);
process.on("disconnect", () => process.exit(0));
await Promise.all(Array.from({ length: count }, (_, index) => connect(index)));
process.send?.("connected");

function connect(index) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`);
  let answers = 0;
  return new Promise((resolve, reject) => {
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("The server closed a connection")));
    socket.on("message", (data) => {
      const text = Buffer.from(data).toString();
      if (text === "2") socket.send("3");
      else if (text.startsWith("0")) socket.send(`40${JSON.stringify({ token: `user${index}` })}`);
      else if (text.startsWith("40")) {
        for (const id of [0, 1])
          socket.send(`42${id}["subscribe",{"topic":"${id === 0 ? "feed" : `room${index % 20}`}"}]`);
      } else if (text.startsWith("43") && ++answers === 2) resolve(undefined);
    });
  });
}

// Takes the place of the bench's bare ws, and does what LIE says: each reader is a WebSocket by hand.
import { createServer } from "node:http";
import process from "node:process";
import { answer } from "../../../bench/dist/child.js";

const lie = process.env.LIE;
const readers = [];
const server = createServer().on("upgrade", (_request, socket) => {
  socket.on("error", () => undefined);
  socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
  // The token, which it believes.
  socket.once("data", () => {
    readers.push(socket);
    socket.on("data", () => undefined);
    send(socket, "subscribed");
  });
});

let number = 0;
let cpu = 0;

server.listen(0, "127.0.0.1", () => {
  answer(
    {
      publish: ({ burst, bytes }) => {
        for (let i = 0; i < burst; i++) publish(number++, bytes);
      },
      cpu: () => (cpu += 1000),
    },
    { port: server.address().port },
  );
});

/** Lies about the seventh event. */
function publish(event, bytes) {
  const lying = event === 7;
  readers.forEach((socket, index) => {
    const one = lying && index === 1;
    let text = "x".repeat(bytes - 30);
    if (lie === "wrong text" && lying) text = text.replace("x", "y");
    if (lie === "shorter to one" && one) text = text.slice(1);
    if (lie === "closes one" && one) socket.destroy();
    if ((lie === "none to one" || lie === "another's to one") && one) return;
    const shown = lie === "out of order" && event >= 7 ? 15 - event : event;
    send(socket, JSON.stringify(["event", { number: shown, text }]));
    const twice = (lie === "twice" && lying) || (lie === "another's to one" && lying && index === 2);
    if (twice || (lie === "one too many at last" && one))
      send(socket, JSON.stringify(["event", { number: event, text }]));
  });
}

function send(socket, text) {
  const payload = Buffer.from(text);
  const header =
    payload.length < 126
      ? Buffer.from([0x81, payload.length])
      : Buffer.from([0x81, 126, payload.length >> 8, payload.length & 255]);
  socket.write(Buffer.concat([header, payload]));
}

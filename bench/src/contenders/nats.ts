import { once } from "node:events";
import { connect } from "node:net";
import { answer, fail } from "../child.ts";
import { natsServer } from "../installed.ts";
import { pin } from "../machine.ts";
import { Program } from "../program.ts";
import { event } from "./event.ts";

/** NATS: readers come over WebSocket; this process is who publishes, over TCP, as a back end would. */
const installed = natsServer();
if ("missing" in installed) throw new Error(installed.missing);
const program = await Program.start({
  file: installed.file,
  configuration: () => `
    host: "127.0.0.1"
    port: -1
    websocket { host: "127.0.0.1", port: -1, no_tls: true }
  `,
  args: (configuration) => ["-c", configuration],
  ready: /websocket clients on ws:\/\/[^:]+:(\d+)[^]*client connections on [^:]+:(\d+)[^]*Server is ready/,
  onEnd: fail,
});
pin(process.pid, 1);
const [port, publishPort] = program.said.slice(1).map(Number) as [number, number];

const publisher = connect({ port: publishPort, host: "127.0.0.1", noDelay: true });
await once(publisher, "connect");
publisher.write('CONNECT {"verbose":false,"pedantic":false}\r\n');
publisher.setEncoding("latin1").on("data", (text: string) => {
  if (text.includes("PING\r\n")) publisher.write("PONG\r\n");
  if (text.includes("-ERR")) fail(`NATS refused: ${text}`);
});

let number = 0;
answer(
  {
    publish: ({ burst, bytes }: { burst: number; bytes: number }) => {
      let text = "";
      for (let i = 0; i < burst; i++) {
        const payload = JSON.stringify(["event", event(number++, bytes)]);
        text += `PUB feed ${payload.length}\r\n${payload}\r\n`;
      }
      publisher.write(text);
    },
    cpu: () => program.cpu(),
  },
  { port },
  async () => await program.stop(),
);

import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";
import { userInfo } from "node:os";
import { answer, fail } from "../child.ts";
import { nginxWithNchan } from "../installed.ts";
import { pin } from "../machine.ts";
import { Program } from "../program.ts";
import { event } from "./event.ts";

/** Nchan in nginx: readers come over WebSocket; this process is who publishes, by HTTP, as a back end would. */
const TRIES = 5;
const { program, port } = await start(TRIES);
pin(process.pid, 1);

const publisher = connect({ port, host: "127.0.0.1", noDelay: true });
await once(publisher, "connect");
let answers = "";
let open = 0;
let answered: (() => void) | undefined;
publisher.setEncoding("latin1").on("data", (text: string) => {
  answers += text;
  for (let taken = takeAnswer(); taken; taken = takeAnswer()) if (--open === 0) answered?.();
});
publisher.once("close", () => fail("nginx closed the publisher's connection"));

let number = 0;
answer(
  {
    publish: async ({ burst, bytes }: { burst: number; bytes: number }) => {
      let requests = "";
      for (let i = 0; i < burst; i++) {
        const payload = JSON.stringify(["event", event(number++, bytes)]);
        requests += `POST /publish HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${payload.length}\r\n\r\n${payload}`;
      }
      open = burst;
      const all = new Promise<void>((resolve) => (answered = resolve));
      publisher.write(requests);
      await all;
    },
    cpu: () => program.cpu(),
  },
  { port },
  async () => await program.stop(),
);

/** Whether there was a whole answer; it is taken away. */
function takeAnswer(): boolean {
  const end = answers.indexOf("\r\n\r\n");
  if (end < 0) return false;
  const head = answers.slice(0, end);
  const length = end + 4 + Number(/content-length: (\d+)/i.exec(head)?.[1]);
  if (answers.length < length) return false;
  if (!/^HTTP\/1\.1 20[012] /.test(head) || Number.isNaN(length)) fail(`nginx refused: ${answers}`);
  answers = answers.slice(length);
  return true;
}

/** nginx cannot be told to take any port that is free: another one is tried when somebody was faster. */
async function start(tries: number): Promise<{ program: Program; port: number }> {
  const installed = nginxWithNchan();
  if ("missing" in installed) throw new Error(installed.missing);
  const free = await freePort();
  let begun = false;
  try {
    const started = await Program.start({
      file: installed.file,
      configuration: (folder) => configuration(folder, installed.module, free),
      args: (file) => ["-e", "stderr", "-c", file],
      ready: /start worker process \d+/,
      onEnd: (reason) => begun && fail(reason),
    });
    begun = true;
    return { program: started, port: free };
  } catch (error) {
    if (tries > 1 && String(error).includes("Address already in use")) return await start(tries - 1);
    throw error;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port: free } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return free;
}

function configuration(folder: string, module: string, listen: number): string {
  const { username, uid } = userInfo();
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${folder}/${name};`)
    .join("\n");
  return `
    load_module ${module};
    ${uid === 0 ? `user ${username};` : ""}
    daemon off;
    worker_processes 1;
    pid ${folder}/pid;
    error_log stderr notice;
    events { worker_connections 65536; }
    http {
      ${temporary}
      access_log off;
      keepalive_requests 1000000000;
      keepalive_timeout 1h;
      client_max_body_size 1m;
      client_body_buffer_size 1m;
      nchan_shared_memory_size 256M;
      server {
        listen 127.0.0.1:${listen} backlog=4096;
        location = /publish { nchan_publisher; nchan_channel_id feed; nchan_message_buffer_length 200; }
        location = / { nchan_subscriber websocket; nchan_channel_id feed; nchan_subscriber_first_message newest; }
      }
    }
  `;
}

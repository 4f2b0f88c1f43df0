import { createServer, type AddressInfo } from "node:net";
import { answer, fail } from "./child.ts";
import { redisServer } from "./installed.ts";
import { Program } from "./program.ts";

/** The Redis of nodes that are measured: with the load rather than with them. It keeps nothing on disk. Asked: `cpu`. */
const installed = redisServer();
if ("missing" in installed) throw new Error(installed.missing);
const port = await freePort();
const program = await Program.start({
  file: installed.file,
  configuration: (folder) => `
    bind 127.0.0.1
    port ${port}
    dir ${folder}
    save ""
    appendonly no
  `,
  args: (configuration) => [configuration],
  ready: /Ready to accept connections/,
  core: 1,
  onEnd: fail,
});

answer({ cpu: () => program.cpu() }, { port }, async () => await program.stop());

/** One that nobody listens on now. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port: free } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return free;
}

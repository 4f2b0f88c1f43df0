import { connect } from "node:net";
import { once } from "node:events";

/** Sends one command to Redis past everything else, and gives the first line of its reply. */
export async function redisCommand(port: number, command: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    socket.write(`${command}\r\n`);
    const [reply] = (await once(socket, "data")) as [Buffer];
    return reply.toString("utf8").split("\r\n")[0] ?? "";
  } finally {
    socket.destroy();
  }
}

import { plainIo, type PlainUser } from "./plain-io.ts";
import { serve } from "./serve.ts";

/** Who is there, by hand: a list for each channel, its members' room, and everybody told of each who comes and goes. */
const { httpServer, io } = await plainIo();

interface Member {
  readonly socketId: string;
  readonly userId: string;
  readonly joinedAt: number;
}

const channels = new Map<string, Map<string, Member>>();

io.on("connection", (socket) => {
  const { userId } = socket.data as PlainUser;

  const leave = (channel: string): void => {
    const members = channels.get(channel);
    const member = members?.get(socket.id);
    if (members === undefined || member === undefined) return;
    members.delete(socket.id);
    if (members.size === 0) channels.delete(channel);
    void socket.leave(channel);
    io.to(channel).emit("presence:left", { channel, member });
  };

  socket.on("join", ({ channel }: { channel: string }, acknowledge: (answer: unknown) => void) => {
    if (typeof channel !== "string") {
      acknowledge({ ok: false, error: "A channel" });
      return;
    }
    let members = channels.get(channel);
    if (members === undefined) channels.set(channel, (members = new Map()));
    const member: Member = { socketId: socket.id, userId, joinedAt: Date.now() };
    members.set(socket.id, member);
    void socket.join(channel);
    io.to(channel).emit("presence:joined", { channel, member });
    acknowledge({ ok: true, members: [...members.values()] });
  });
  socket.on("leave", ({ channel }: { channel: string }, acknowledge: (answer: unknown) => void) => {
    leave(channel);
    acknowledge({ ok: true });
  });
  socket.on("disconnecting", () => {
    for (const channel of socket.rooms) leave(channel);
  });
});

serve(httpServer, {
  connections: () => io.engine.clientsCount,
  publish: () => undefined,
});

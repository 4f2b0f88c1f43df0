import type { Socket } from "socket.io";
import { publishItems, type ItemBatch, type ItemEvent } from "./items.ts";
import { plainIo } from "./plain-io.ts";
import { serve } from "./serve.ts";

/**
 * The two ways to give readers only what they ask for, by hand. Argument: `rooms`, a room for each value that is asked for; or
 * `loop`, which tests each socket's condition when there is something.
 */
const byRooms = process.argv[2] === "rooms";
const { httpServer, io } = await plainIo();

interface Subscribe {
  readonly topic: string;
  readonly filter?: { readonly item: string };
}

io.on("connection", (socket) => {
  socket.on("subscribe", (payload: Subscribe, acknowledge: (answer: unknown) => void) => {
    const { topic, filter } = payload;
    if (typeof topic !== "string" || (filter !== undefined && typeof filter.item !== "string")) {
      acknowledge({ ok: false, error: "A topic, and perhaps an item" });
      return;
    }
    if (byRooms && filter !== undefined) void socket.join(`${topic}:${filter.item}`);
    else {
      void socket.join(topic);
      conditions(socket).set(topic, filter?.item);
    }
    acknowledge({ ok: true });
  });
});

/** The items that a socket asks for, by topic; undefined: all. */
function conditions(socket: Socket): Map<string, string | undefined> {
  const data = socket.data as { conditions?: Map<string, string | undefined> };
  return (data.conditions ??= new Map());
}

function publish(topic: string, data: ItemEvent): void {
  if (byRooms) {
    io.to([topic, `${topic}:${data.item}`]).emit("event", data);
    return;
  }
  for (const id of io.sockets.adapter.rooms.get(topic) ?? []) {
    const socket = io.sockets.sockets.get(id);
    if (socket === undefined) continue;
    const item = conditions(socket).get(topic);
    if (item === undefined || item === data.item) socket.emit("event", data);
  }
}

serve(httpServer, {
  connections: () => io.engine.clientsCount,
  publish: () => undefined,
  handlers: { items: async (batch: ItemBatch) => await publishItems(batch, publish) },
});

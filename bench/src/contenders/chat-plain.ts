import { randomUUID } from "node:crypto";
import { plainIo, type PlainUser } from "./plain-io.ts";
import { serve } from "./serve.ts";

/** A chat as people write it by hand: what comes in is checked, only members talk in a room, and the server says who and when. */
const { httpServer, io } = await plainIo();

const ROOM = /^chat:[^:./]{1,100}$/u;
const MOST_TEXT = 4000;

interface Answer {
  readonly ok: boolean;
  readonly id?: string;
  readonly error?: string;
}

type Acknowledge = (answer: Answer) => void;

io.on("connection", (socket) => {
  const { userId } = socket.data as PlainUser;
  socket.on("subscribe", (payload: unknown, acknowledge: unknown) => {
    if (!isAcknowledge(acknowledge)) return;
    if (!isObject(payload) || typeof payload["topic"] !== "string" || !ROOM.test(payload["topic"])) {
      acknowledge({ ok: false, error: "INVALID_PAYLOAD" });
      return;
    }
    void socket.join(payload["topic"]);
    acknowledge({ ok: true });
  });
  socket.on("publish", (payload: unknown, acknowledge: unknown) => {
    if (!isAcknowledge(acknowledge)) return;
    if (!isMessage(payload)) {
      acknowledge({ ok: false, error: "INVALID_PAYLOAD" });
      return;
    }
    const { channel, event, data } = payload;
    if (!socket.rooms.has(channel)) {
      acknowledge({ ok: false, error: "FORBIDDEN" });
      return;
    }
    const id = randomUUID();
    io.to(channel).emit("event", {
      id,
      topic: channel,
      event,
      payload: data,
      sender: { userId, socketId: socket.id },
      timestamp: Date.now(),
    });
    acknowledge({ ok: true, id });
  });
});

interface Message {
  readonly channel: string;
  readonly event: string;
  readonly data: { readonly from: number; readonly number: number; readonly text: string };
}

function isMessage(payload: unknown): payload is Message {
  if (!isObject(payload)) return false;
  const { channel, event, data } = payload;
  return (
    typeof channel === "string" &&
    ROOM.test(channel) &&
    event === "message" &&
    isObject(data) &&
    Number.isInteger(data["from"]) &&
    Number.isInteger(data["number"]) &&
    typeof data["text"] === "string" &&
    data["text"].length <= MOST_TEXT
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isAcknowledge(value: unknown): value is Acknowledge {
  return typeof value === "function";
}

serve(httpServer, { connections: () => io.engine.clientsCount, publish: () => undefined });

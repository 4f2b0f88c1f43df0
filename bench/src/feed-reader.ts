import { createClient } from "redis";
import { fail } from "./child.ts";
import { RawReader } from "./raw-reader.ts";
import { openSession, type Language } from "./raw-session.ts";

/** What a server's readers speak. */
export type FeedLanguage = Language | "nats" | "nchan" | "redis";

/** How many bytes came with an event, and their text, which is made when it is asked for. */
export type OnEvent = (length: number, text: () => string) => void;

export interface FeedOptions {
  readonly port: number;
  readonly language: FeedLanguage;
  readonly token: string;
  readonly onEvent: OnEvent;
}

/** Follows `feed`. Resolves when whatever is published from now on arrives; a connection that the server ends fails the run. */
export async function followFeed({ port, language, token, onEvent }: FeedOptions): Promise<void> {
  if (language === "nats") await followNats(port, onEvent);
  // Who is let in follows already.
  else if (language === "redis") await followRedis(port, onEvent);
  else if (language === "nchan") await RawReader.open(port, "/", onEvent, closed);
  else await openSession({ port, language, token, topics: ["feed"], onFrame: onEvent });
}

function closed(): void {
  fail("The server closed a connection");
}

/** Redis itself, without any server of events before it. */
async function followRedis(port: number, onEvent: OnEvent): Promise<void> {
  const client = createClient({ url: `redis://127.0.0.1:${port}` });
  client.on("error", (error: unknown) => fail(`Redis: ${String(error)}`));
  await client.connect();
  await client.subscribe("feed", (message) => onEvent(message.length, () => message));
}

const END = "\r\n";

/** The protocol of NATS: lines, and after `MSG` a payload. Frames of WebSocket mean nothing in it: they hold any number of them. */
async function followNats(port: number, onEvent: OnEvent): Promise<void> {
  let ready: (() => void) | undefined;
  const subscribed = new Promise<void>((resolve) => (ready = resolve));
  let rest = "";
  const take = (text: string, reader: RawReader): void => {
    rest = "";
    for (let at = 0; at < text.length;) {
      const end = text.indexOf(END, at);
      let next = end + END.length;
      if (end >= 0 && text.startsWith("MSG ", at)) {
        const start = next;
        const length = Number(text.slice(text.lastIndexOf(" ", end) + 1, end));
        next += length + END.length;
        if (next <= text.length) onEvent(length, () => text.slice(start, start + length));
      } else if (end >= 0) line(text.slice(at, end), reader);
      if (end < 0 || next > text.length) {
        rest = text.slice(at);
        return;
      }
      at = next;
    }
  };
  const line = (text: string, reader: RawReader): void => {
    if (text === "PING") reader.send(`PONG${END}`);
    else if (text === "PONG") ready?.();
    else if (text.startsWith("-ERR")) fail(`Refused: ${text}`);
  };
  const reader = await RawReader.open(port, "/", (_, text, self) => take(rest + text(), self), closed);
  reader.send(`CONNECT {"verbose":false,"pedantic":false}${END}SUB feed 1${END}PING${END}`);
  await subscribed;
}

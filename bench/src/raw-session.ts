import { fail } from "./child.ts";
import { PING_BYTES, RawReader, type OnFrame } from "./raw-reader.ts";

/** What a server speaks: the Socket.IO protocol, or a message with the token and then events, over a bare WebSocket. */
export type Language = "socket.io" | "ws";

export interface RawSessionOptions {
  readonly port: number;
  readonly language: Language;
  readonly token: string;
  /** Subscribed to before the session counts as open. Bare WebSockets have but one. */
  readonly topics: readonly string[];
  /** Called for each frame after that, pings excepted. */
  readonly onFrame: OnFrame;
}

/**
 * Opens a connection, authenticates and subscribes, by hand. Pings are answered as long as it lives; a connection that the
 * server closes fails the run. Rejects when the server refuses.
 */
export async function openSession({ port, language, token, topics, onFrame }: RawSessionOptions): Promise<RawReader> {
  let opened: (() => void) | undefined;
  let refused: ((reason: Error) => void) | undefined;
  const subscribed = new Promise<void>((resolve, reject) => {
    opened = resolve;
    refused = reject;
  });
  // Frames may come before anybody waits for it.
  subscribed.catch(() => undefined);
  let wanted = topics.length;
  const greet = (text: string, reader: RawReader): void => {
    if (text.startsWith("0")) reader.send(`40${JSON.stringify({ token })}`);
    else if (text.startsWith("40")) {
      topics.forEach((topic, at) => reader.send(`42${at}${JSON.stringify(["subscribe", { topic }])}`));
    } else if (text.startsWith("43") || text === "subscribed") {
      if (text.includes('"ok":false')) refused?.(new Error(`Refused: ${text}`));
      if (--wanted === 0) opened?.();
    } else if (text.startsWith("44")) refused?.(new Error(`Refused: ${text}`));
  };
  const path = language === "ws" ? "/" : "/socket.io/?EIO=4&transport=websocket";
  const reader = await RawReader.open(
    port,
    path,
    (length, text, self) => {
      if (length === PING_BYTES) self.send("3");
      else if (wanted > 0) greet(text(), self);
      else onFrame(length, text, self);
    },
    () => fail("The server closed a connection"),
  );
  if (language === "ws") reader.send(token);
  await subscribed;
  return reader;
}

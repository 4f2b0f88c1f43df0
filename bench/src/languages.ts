import { PING_BYTES, RawReader, type OnFrame } from "./raw-reader.ts";

export const LANGUAGES = ["native", "steedos", "twake", "plazer"] as const;
export type Language = (typeof LANGUAGES)[number];

/** How a client of one language begins to follow the channel `feed`: what it says to what it hears, by how that starts. */
interface Speech {
  readonly path?: string;
  readonly cookie?: (user: string) => string;
  readonly lines: (token: string) => readonly (readonly [heard: string, say: string])[];
  /** How the answer starts that says that it follows. */
  readonly follows: string;
}

const SPEECHES: Readonly<Record<Language, Speech>> = {
  native: {
    lines: (token) => [
      ["0", `40${JSON.stringify({ token })}`],
      ["40", '420["subscribe",{"topic":"feed"}]'],
    ],
    follows: '430[{"ok":true',
  },
  steedos: {
    cookie: (user) => `X-Space-Id=default; X-Auth-Token=${user}`,
    lines: () => [
      ["0", "40"],
      ["40", '420["subscribe",{"roomParts":"feed"}]'],
    ],
    follows: '430[{"ok":true',
  },
  twake: {
    path: "/socket/",
    lines: (token) => [
      ["0", "40"],
      ["40", `42${JSON.stringify(["authenticate", { token }])}`],
      ['42["authenticated"', '42["realtime:join",{"name":"feed"}]'],
    ],
    follows: '42["realtime:join:success"',
  },
  plazer: {
    lines: (token) => [
      ["0", `40/events,${JSON.stringify({ token })}`],
      ["40/events,", '42/events,0["join",{"room":"feed"}]'],
    ],
    follows: '43/events,0[{"ok":true',
  },
};

export interface FollowOptions {
  readonly port: number;
  readonly language: Language;
  readonly user: string;
  readonly token: string;
  /** Called for each frame once it follows, pings excepted. */
  readonly onFrame: OnFrame;
  /** Called when the server ends the connection. */
  readonly onClose: () => void;
}

/** Opens a connection that follows `feed` in one of the languages of Roomcast. Rejects when the server refuses. */
export async function followFeed(options: FollowOptions): Promise<void> {
  const { port, language, user, token, onFrame, onClose } = options;
  const { path = "/socket.io/", cookie, lines, follows } = SPEECHES[language];
  const script = [...lines(token)];
  let following = false;
  let tell: { resolve: () => void; reject: (reason: Error) => void } | undefined;
  const followed = new Promise<void>((resolve, reject) => (tell = { resolve, reject }));
  // Frames may come before anybody waits for it.
  followed.catch(() => undefined);
  const greet = (heard: string, reader: RawReader): void => {
    const [next] = script;
    if (next !== undefined && heard.startsWith(next[0])) {
      script.shift();
      reader.send(next[1]);
    } else if (heard.startsWith(follows)) {
      following = true;
      tell?.resolve();
    } else if (/^4[34]|unauthorized|:error/.test(heard)) tell?.reject(new Error(`Refused: ${heard}`));
  };
  await RawReader.open(
    port,
    `${path}?EIO=4&transport=websocket`,
    (length, text, self) => {
      if (length === PING_BYTES) self.send("3");
      else if (following) onFrame(length, text, self);
      else greet(text(), self);
    },
    onClose,
    cookie?.(user),
  );
  await followed;
}

import { answer, fail } from "./child.ts";
import { connectCrowd } from "./crowd.ts";
import type { RawReader } from "./raw-reader.ts";
import { openSession } from "./raw-session.ts";
import { importKey, signToken } from "./token.ts";
import { within } from "./within.ts";

/**
 * Rooms of members who all talk, each in turn. Everything that anybody is given is looked at: what was said in a room reaches
 * each of its members once, as it was said, with who said it and when, and in the order in which that one said it; and every
 * message is acknowledged once, in order.
 *
 * Arguments: port, rooms, members of each, bytes of a message's text, messages on their way at most. Asked: `connect`; `talk`, so
 * many messages, which is answered when all have been acknowledged and have reached everybody.
 */
const [port, rooms, members, bytes, inFlight] = process.argv.slice(2, 7).map(Number) as [
  number,
  number,
  number,
  number,
  number,
];
const everybody = rooms * members;
const PATIENCE_SECONDS = 60;
/** Whoever is next is so many from who talked last: a prime, so that all have their turn, and neighbours in time are none in a room. */
const STRIDE = 7919;
const began = Date.now();

interface Member {
  readonly reader: RawReader;
  sent: number;
}

const talkers: Member[] = [];
let sent = 0;
let goal = 0;
let acknowledged = 0;
let heard = 0;
let complete: (() => void) | undefined;

answer({
  connect: async () => {
    const key = await importKey();
    await connectCrowd({ to: everybody }, async (index) => {
      talkers[index] = await enter(index, await signToken(key, userOf(index)));
    });
  },
  talk: async (messages: number) => {
    goal += messages;
    const done = new Promise<void>((resolve) => (complete = resolve));
    say();
    const missing = (): string =>
      `The rest of ${goal} messages (${acknowledged} acknowledged, ${heard} of ${goal * members} heard)`;
    await within(PATIENCE_SECONDS, missing, done);
  },
});

/** Has members talk while there may be more on its way. */
function say(): void {
  const most = Math.min(goal, acknowledged + inFlight, Math.floor(heard / members) + inFlight);
  for (; sent < most; sent++) {
    const index = (sent * STRIDE) % everybody;
    const { reader } = talkers[index] as Member;
    const number = ++(talkers[index] as Member).sent;
    const data = { from: index % members, number, text: textOf(index, number) };
    const command = { channel: roomOf(index), event: "message", data };
    reader.send(`42${number}${JSON.stringify(["publish", command])}`);
  }
  if (acknowledged < goal || heard < goal * members) return;
  complete?.();
  complete = undefined;
}

async function enter(index: number, token: string): Promise<Member> {
  const topic = roomOf(index);
  /** By member of the room: the number of what it said last. */
  const last = new Uint32Array(members);
  let answered = 0;
  const onFrame = (_: number, read: () => string): void => {
    const frame = read();
    if (frame.startsWith("43")) {
      answered++;
      if (!frame.startsWith(`43${answered}[{`) || !frame.includes('"ok":true')) {
        fail(`A member was answered ${frame} to message ${answered}`);
      }
      acknowledged++;
    } else {
      check(frame, topic, index, last);
      heard++;
    }
    say();
  };
  const reader = await openSession({ port, language: "socket.io", token, topics: [topic], onFrame });
  return { reader, sent: 0 };
}

/** What servers push, as far as all of them do. */
interface Pushed {
  readonly topic: string;
  readonly event: string;
  readonly payload: { readonly from: number; readonly number: number; readonly text: string };
  readonly sender: { readonly userId: string };
  readonly timestamp: number;
}

function check(frame: string, room: string, index: number, last: Uint32Array): void {
  const wrong = (what: string): void => fail(`A member of ${room} was given ${what}: ${frame}`);
  if (!frame.startsWith('42["event",{')) {
    wrong("what is no event");
    return;
  }
  const [, { topic, event, payload, sender, timestamp }] = JSON.parse(frame.slice(2)) as [string, Pushed];
  const { from, number, text } = payload;
  const speaker = index - (index % members) + from;
  if (topic !== room || event !== "message") wrong("another room's event");
  if (number !== (last[from] ?? 0) + 1) wrong(`this after number ${last[from]}`);
  if (text !== textOf(speaker, number)) wrong("another text");
  if (sender.userId !== userOf(speaker)) wrong("another sender");
  if (!(timestamp >= began && timestamp <= Date.now())) wrong("another time");
  last[from] = number;
}

function userOf(index: number): string {
  return `user${index}`;
}

function roomOf(index: number): string {
  return `chat:room${Math.floor(index / members)}`;
}

function textOf(index: number, number: number): string {
  return `${number} of ${userOf(index)} `.padEnd(bytes, "x");
}

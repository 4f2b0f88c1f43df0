import { answer, fail, tell } from "./child.ts";
import { crowd } from "./crowd.ts";
import { answered, pushed, RawCaller } from "./raw-caller.ts";
import { importKey, signToken } from "./token.ts";
import { within } from "./within.ts";

/**
 * Members of one channel. Some, who come at different times, keep a list of who is there from the answer to their join and
 * from what they are told, and stay until the end.
 *
 * Arguments: port, members, how many of them keep a list. Asked: `connect`; `join` and `leave`, answered with what the server
 * sent when everybody has heard of the last one, and every list is right.
 */
const [port, members, keepers] = process.argv.slice(2, 5).map(Number) as [number, number, number];
const channel = "lobby";
/** One more, who comes when all others are there and goes when they have gone: who has heard of that has heard all. */
const LAST = "last";
const lastUser = `"userId":"${LAST}"`;
const SECONDS = 120;

export interface Traffic {
  /** Sent to members without having been asked for. */
  readonly pushes: number;
  /** Of frames' payloads, answers included. */
  readonly bytes: number;
}

interface Member {
  readonly userId: string;
  readonly caller: RawCaller;
  /** Users that are there, as far as it knows; only of those who keep a list. */
  readonly list: Set<string> | undefined;
  readonly state: State;
}

interface State {
  /** Asked to join, and not been answered that it has left. */
  inside: boolean;
  /** Whether it has heard of the last one. */
  heard: boolean;
}

/** What the contenders say of who is there, put together. */
interface Said {
  readonly member?: Listed;
  readonly members?: readonly Listed[];
  readonly joined?: readonly Listed[];
  readonly left?: readonly Listed[];
  readonly cursor?: string;
}

interface Listed {
  readonly userId: string;
}

const crew: Member[] = [];
let last: Member | undefined;
let pushes = 0;
let bytes = 0;
/** How many are yet to hear of the last one; nobody listens for it before it comes. */
let deaf = 0;
let complete: (() => void) | undefined;

answer({
  connect: async () => {
    const key = await importKey();
    const every = Math.floor(members / keepers);
    let connected = 0;
    await crowd({ to: members }, async (index) => {
      const keeps = index % every === 0 && index / every < keepers;
      crew[index] = await connect(`user${index}`, keeps, await signToken(key, `user${index}`));
      if (++connected % 250 === 0) tell(connected);
    });
    last = await connect(LAST, false, await signToken(key, LAST));
  },
  join: async () => {
    const traffic = await counted(async () => {
      await crowd({ to: members }, async (index) => await join(crew[index] as Member));
      await heardBy(crew, async () => await join(last as Member));
    });
    checkLists(new Set([...crew.map(({ userId }) => userId), LAST]));
    return traffic;
  },
  leave: async () => {
    const staying = crew.filter(({ list }) => list !== undefined);
    const going = crew.filter(({ list }) => list === undefined);
    const traffic = await counted(async () => {
      await crowd({ to: going.length }, async (index) => await leave(going[index] as Member));
      await heardBy(staying, async () => await leave(last as Member));
    });
    checkLists(new Set(staying.map(({ userId }) => userId)));
    return traffic;
  },
});

async function connect(userId: string, keeps: boolean, token: string): Promise<Member> {
  const list = keeps ? new Set<string>() : undefined;
  const state: State = { inside: false, heard: true };
  const caller = await RawCaller.open({
    port,
    token,
    onPush: (length, text) => {
      pushes++;
      bytes += length;
      // Roomcast greets.
      if (!state.inside) {
        if (!text().startsWith('42["session",')) fail(`${userId}, who is no member, was told ${text().slice(0, 300)}`);
        return;
      }
      if (list !== undefined) take(list, text());
      if (deaf > 0 && !state.heard && text().includes(lastUser)) {
        state.heard = true;
        if (--deaf === 0) complete?.();
      }
    },
  });
  return { userId, caller, list, state };
}

async function join(member: Member): Promise<void> {
  const { caller, list, state } = member;
  state.inside = true;
  let frame = await caller.ask("join", { channel });
  bytes += frame.length;
  if (list === undefined) return;
  for (;;) {
    const { members: page = [], cursor } = answered<Said>(frame);
    for (const { userId } of page) list.add(userId);
    if (cursor === undefined) return;
    frame = await caller.ask("members", { channel, cursor });
    bytes += frame.length;
  }
}

async function leave(member: Member): Promise<void> {
  const { length } = await member.caller.ask("leave", { channel });
  bytes += length;
  member.state.inside = false;
}

function take(list: Set<string>, frame: string): void {
  const [event, payload] = pushed(frame);
  const { member, joined = [], left = [] } = payload as Said;
  if (event === "presence") {
    for (const { userId } of joined) list.add(userId);
    for (const { userId } of left) list.delete(userId);
  } else if (event === "presence:joined" && member !== undefined) list.add(member.userId);
  else if (event === "presence:left" && member !== undefined) list.delete(member.userId);
  else if (event !== "session") fail(`A member was told ${frame.slice(0, 300)}`);
}

async function counted(work: () => Promise<void>): Promise<Traffic> {
  pushes = 0;
  bytes = 0;
  await within(SECONDS, `Telling ${members} members`, work());
  return { pushes, bytes };
}

/** Resolves when `news` of the last one has come to all of these, and so everything before. */
async function heardBy(all: readonly Member[], news: () => Promise<void>): Promise<void> {
  const everybody = new Promise<void>((resolve) => (complete = resolve));
  for (const member of crew) member.state.heard = !all.includes(member);
  deaf = all.length;
  await news();
  await everybody;
}

function checkLists(truth: ReadonlySet<string>): void {
  for (const { userId, list } of crew) {
    if (list === undefined) continue;
    const missing = [...truth].filter((other) => !list.has(other));
    const surplus = [...list].filter((other) => !truth.has(other));
    if (missing.length + surplus.length === 0) continue;
    fail(
      `${userId} does not know that ${missing.length} are there (${missing.slice(0, 3).join()}), and takes ${surplus.length} for there who are not (${surplus.slice(0, 3).join()})`,
    );
  }
}

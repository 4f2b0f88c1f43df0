import type { Bench } from "./bench.ts";
import { hold, type Contender } from "./contest.ts";
import type { Memory } from "./contenders/serve.ts";
import { needConnections } from "./machine.ts";
import { grouped, wholeNumber } from "./numbers.ts";
import { counting } from "./progress.ts";
import { Stage } from "./stage.ts";

interface ChatContender extends Contender {
  readonly server: string;
  readonly args?: readonly string[];
}

const CONTENDERS: readonly ChatContender[] = [
  { name: "roomcast", title: "Roomcast", server: "chat-roomcast" },
  { name: "no-history", title: "Roomcast, no history", server: "chat-roomcast", args: ["off"] },
  { name: "plain", title: "plain Socket.IO", server: "chat-plain" },
];
/** Of each room. */
const MEMBERS = 10;
const WARM_UP = 10_000;
const MESSAGES = 20_000;

interface Setting {
  readonly rooms: number;
  readonly bytes: number;
  readonly inFlight: number;
}

export const chatBench: Bench = {
  name: "chat",
  about:
    "CPU time of the server for each message that a member says in a room of ten: checked, authorised, stamped with who and when, acknowledged, and delivered to all ten. Connecting is not counted.",
  options: {
    rooms: { default: "1000", about: "rooms, of ten members each, all of whom talk" },
    bytes: { default: "100", about: "bytes of a message's text" },
    inflight: { default: "100", about: "messages on their way, in all rooms together" },
  },
  run: async ({ rounds, only, values, report }) => {
    const [rooms, bytes, inFlight] = (["rooms", "bytes", "inflight"] as const).map((name) =>
      wholeNumber(name, values[name] as string),
    ) as [number, number, number];
    needConnections(rooms * MEMBERS);
    const setting = { rooms, bytes, inFlight };
    report(
      await hold({
        title: `${grouped(rooms)} rooms of ${MEMBERS}, ${grouped(bytes)} bytes, ${grouped(inFlight)} messages on their way`,
        parameters: { ...setting, members: MEMBERS },
        measures: [{ key: "cpu", title: "CPU µs / message" }],
        contenders: CONTENDERS,
        baseline: "plain",
        only,
        rounds,
        measure: async (contender, label) => await measure(contender, setting, label),
      }),
    );
  },
};

async function measure({ server: name, args = [] }: ChatContender, setting: Setting, label: string) {
  const { rooms, bytes, inFlight } = setting;
  const everybody = rooms * MEMBERS;
  return await Stage.play(async (stage) => {
    const server = await stage.server(name, args);
    const load = await stage.load("chat-load", [server.ready.port, rooms, MEMBERS, bytes, inFlight]);
    load.onProgress(counting(label, everybody));
    await load.ask("connect");
    await load.ask("talk", WARM_UP);
    // What connecting left to collect is not theirs who talk.
    const { connections } = await server.ask<Memory>("memory");
    if (connections !== everybody) throw new Error(`The server has ${connections} of ${everybody} connections`);
    const before = await server.cpu();
    await load.ask("talk", MESSAGES);
    return { cpu: ((await server.cpu()) - before) / MESSAGES };
  });
}

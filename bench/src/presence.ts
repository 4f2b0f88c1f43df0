import type { Bench } from "./bench.ts";
import { hold, type Contender } from "./contest.ts";
import { AT_ONCE } from "./crowd.ts";
import { needConnections } from "./machine.ts";
import { grouped, wholeNumber, wholeNumbers } from "./numbers.ts";
import type { Traffic } from "./presence-load.ts";
import { counting } from "./progress.ts";
import { Stage } from "./stage.ts";

/** Members who keep a list of who is there, which is checked, and who stay. */
const KEEPERS = 20;

export const presenceBench: Bench = {
  name: "presence",
  about: `CPU time of the server for each who joins a channel, and for each who leaves it, where all members hear of it and whoever joins is told who is there; ${AT_ONCE} at a time, over connections that are there before and after.`,
  options: {
    members: { default: "1000,10000", about: "who join the channel" },
    plainMembers: { default: "2000", about: "most members with whom plain Socket.IO is measured" },
  },
  run: async ({ rounds, only, values, report }) => {
    const counts = wholeNumbers("members", values["members"] as string);
    const most = wholeNumber("plainMembers", values["plainMembers"] as string);
    if (Math.min(...counts) < 2 * KEEPERS) throw new Error(`--members must be ${2 * KEEPERS} or more`);
    needConnections(Math.max(...counts) + 1);
    for (const members of counts) {
      // Nobody to compare with, and much to send: once will do.
      const once = members > most;
      report(
        await hold({
          title: `${grouped(members)} join and leave${once ? ", one round" : ""}`,
          parameters: { members },
          measures: [
            { key: "join", title: "CPU µs / join", digits: 0 },
            { key: "leave", title: "CPU µs / leave", digits: 0 },
            { key: "joinPushes", title: "pushes / join", digits: 1 },
            { key: "leavePushes", title: "pushes / leave", digits: 1 },
            { key: "joinBytes", title: "KiB out / join", digits: 1 },
            { key: "leaveBytes", title: "KiB out / leave", digits: 1 },
          ],
          contenders: contenders(members, !once),
          baseline: "plain",
          only,
          rounds: once ? 1 : rounds,
          measure: ({ name }, label) => measure(name, members, label),
        }),
      );
    }
  },
};

function contenders(members: number, compared: boolean): readonly Contender[] {
  const pushes = grouped(members * members);
  const missing = compared
    ? undefined
    : `it would send ${pushes} pushes, each to one of ${grouped(members)} members, which takes minutes; --plainMembers ${members} has it measured`;
  return [
    { name: "roomcast", title: "Roomcast" },
    { name: "plain", title: "plain Socket.IO", missing },
  ];
}

async function measure(name: string, members: number, label: string): Promise<Record<string, number>> {
  return await Stage.play(async (stage) => {
    const server = await stage.server(name === "plain" ? "presence-plain" : name);
    const load = await stage.load("presence-load", [server.ready.port, members, KEEPERS]);
    load.onProgress(counting(label, members));
    await load.ask("connect");
    const before = await server.cpu();
    const joined = await load.ask<Traffic>("join");
    const between = await server.cpu();
    const left = await load.ask<Traffic>("leave");
    const after = await server.cpu();
    // The one behind whom all has been heard comes and goes as well.
    const joins = members + 1;
    const leaves = members - KEEPERS + 1;
    return {
      join: (between - before) / joins,
      leave: (after - between) / leaves,
      joinPushes: joined.pushes / joins,
      leavePushes: left.pushes / leaves,
      joinBytes: joined.bytes / joins / 1024,
      leaveBytes: left.bytes / leaves / 1024,
    };
  });
}

import type { Bench } from "./bench.ts";
import type { Connected } from "./connects-load.ts";
import { hold } from "./contest.ts";
import { AT_ONCE } from "./crowd.ts";
import { needConnections } from "./machine.ts";
import { grouped, wholeNumber } from "./numbers.ts";
import { Stage } from "./stage.ts";

const CONTENDERS = [
  { name: "roomcast", title: "Roomcast" },
  { name: "plain", title: "plain Socket.IO" },
] as const;

const BYTES = 100;

export const connectsBench: Bench = {
  name: "connects",
  about: `CPU time of the server for each WebSocket connection with its handshake, the check of its token, and one subscription with its answer, ${AT_ONCE} at a time; nobody leaves.`,
  options: {
    connects: { default: "3000", about: "connects that are measured" },
    warmUp: { default: "1500", about: "connects before that" },
  },
  run: async ({ rounds, only, values, report }) => {
    const connects = wholeNumber("connects", values["connects"] as string);
    const warmUp = wholeNumber("warmUp", values["warmUp"] as string);
    needConnections(connects + warmUp);
    report(
      await hold({
        title: `${grouped(connects)} connects, ${AT_ONCE} at a time`,
        parameters: { connects, warmUp, atOnce: AT_ONCE },
        measures: [
          { key: "cpu", title: "CPU µs / connect", digits: 0 },
          { key: "rate", title: "connects / s", digits: 0 },
          { key: "load", title: "CPU µs / connect of the load", digits: 0, compared: false },
        ],
        contenders: CONTENDERS,
        baseline: "plain",
        only,
        rounds,
        measure: ({ name }) => measure(name, connects, warmUp),
      }),
    );
  },
};

async function measure(name: string, connects: number, warmUp: number): Promise<Record<string, number>> {
  return await Stage.play(async (stage) => {
    const server = await stage.server(name);
    const load = await stage.load("connects-load", [server.ready.port, BYTES]);
    // Who warmed it up stays: what leaving costs would be counted else.
    await load.ask("tokens", warmUp);
    await load.ask("connect");
    await load.ask("tokens", connects);
    const before = await server.cpu();
    const connected = await load.ask<Connected>("connect");
    const after = await server.cpu();
    await Promise.all([load.ask("expect"), server.ask("publish", { burst: 1, bytes: BYTES })]);
    return {
      cpu: (after - before) / connects,
      rate: (connects / connected.milliseconds) * 1000,
      load: connected.cpu / connects,
    };
  });
}

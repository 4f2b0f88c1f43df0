import { addressOf } from "./address.ts";
import type { Bench } from "./bench.ts";
import { hold, type Contender, type Measure } from "./contest.ts";
import { redisServer } from "./installed.ts";
import type { Asked, Times } from "./lists-load.ts";
import { grouped, wholeNumber } from "./numbers.ts";
import { Stage, type Actor } from "./stage.ts";

/** One list, as an operator looks at it. */
interface List extends Contender {
  /** Below `/api/socket/`. */
  readonly path: string;
  readonly page?: Asked["page"];
  /** How many entries the page must have; a full page unless told. */
  readonly entries?: number;
}

/** What an operator asks for: beginnings of lists, and pages far down; what is found often, once and never. */
function lists(connections: number, channelCount: number): readonly List[] {
  const channels = (name: string, title: string, query: string, more: Partial<List> = {}): List => ({
    name: `channels-${name}`,
    title: `channels ${title}`,
    path: `channels?limit=100${query}`,
    ...more,
  });
  const found = (name: string, title: string, query: string, more: Partial<List> = {}): List => ({
    name: `connections-${name}`,
    title: `connections ${title}`,
    path: `connections/list?limit=100${query}`,
    ...more,
  });
  const last = connections - 1;
  const lastRoom = channelCount - 1 - ((channelCount - 1) % 3);
  return [
    channels("name", "by name", ""),
    channels("name-middle", "by name, middle", "", { page: "middle" }),
    channels("name-last", "by name, last", "", { page: "last" }),
    channels("name-desc", "by name, backwards", "&order=desc"),
    channels("members", "by members", "&sort=members"),
    channels("members-middle", "by members, middle", "&sort=members", { page: "middle" }),
    channels("members-last", "by members, last", "&sort=members", { page: "last" }),
    channels("subscribers", "by subscribers", "&sort=subscribers"),
    channels("many", "that many names have", "&search=ROOM"),
    channels("many-subscribers", "the same, by subscribers", "&search=ROOM&sort=subscribers"),
    channels("few", "that one name has", `&search=Oom:${lastRoom}`, { entries: 1 }),
    channels("none", "that no name has", "&search=nothing", { entries: 0 }),
    found("all", "", ""),
    found("middle", "middle", "", { page: "middle" }),
    found("last", "last", "", { page: "last" }),
    found("user", "of a user", `&userId=user${last >> 1}`, { entries: 2 }),
    found("socket", "of a socket id", `&socketId=socket${last}`, { entries: 1 }),
    found("address", "of one address, the last", `&address=${addressOf(last)}`, { entries: 1 }),
    found("network", "of a network", "&address=10.0.7."),
    found("nowhere", "of no address", "&address=192.0.2.", { entries: 0 }),
    found("dialect", "of a dialect", "&dialect=twake"),
    found("node", "of a node", "&nodeId=node-3"),
  ];
}

/** Connections, and channels, that there must be. */
const LEAST = 4000;

const MEASURES: readonly Measure[] = [
  { key: "p50", title: "p50 ms", digits: 1, compared: false },
  { key: "p95", title: "p95 ms", digits: 1, compared: false },
  { key: "most", title: "longest ms", digits: 1, compared: false },
  { key: "pages", title: "pages", digits: 1, compared: false },
  { key: "loop", title: "longest block of the loop, ms", digits: 1, compared: false },
];
const OF_REDIS: Measure = { key: "redis", title: "longest command of Redis, ms", digits: 1, compared: false };

export const listsBench: Bench = {
  name: "lists",
  about:
    "Lists of a server with many connections and channels, which are put into its presence store: how long a page of 100 takes over REST, and how long the server's event loop and Redis are kept from others at most.",
  options: {
    connections: { default: "100000", about: "of one tenant, two of each user" },
    channels: { default: "50000", about: "of the same tenant" },
    requests: { default: "40", about: "for each list, one after another" },
    gap: { default: "50", about: "milliseconds between requests" },
    stores: { default: "memory,redis", about: "which stores are measured" },
  },
  run: async ({ rounds, only, values, report }) => {
    const [connections, channels, requests, gap] = (["connections", "channels", "requests", "gap"] as const).map(
      (name) => wholeNumber(name, values[name] as string),
    ) as [number, number, number, number];
    // Pages far down are there, and what is looked for has a page of its own.
    if (Math.min(connections, channels) < LEAST)
      throw new Error(`--connections and --channels must be ${LEAST} or more`);
    const stores = (values["stores"] as string).split(",").map((one) => one.trim());
    const unknown = stores.find((store) => store !== "memory" && store !== "redis");
    if (unknown !== undefined) throw new Error(`There is no store ${unknown}; there are memory, redis`);
    for (const store of stores) {
      const installed = redisServer();
      const contest = {
        title: `${store}: ${grouped(connections)} connections, ${grouped(channels)} channels`,
        parameters: { store, connections, channels, requests },
        measures: store === "redis" ? [...MEASURES, OF_REDIS] : MEASURES,
        baseline: "channels-name",
        rounds,
        only,
      };
      const contenders = lists(connections, channels);
      if (store === "redis" && "missing" in installed) {
        const missing = contenders.map((list) => ({ ...list, missing: installed.missing }));
        report(await hold({ ...contest, contenders: missing, measure: async () => ({}) }));
        continue;
      }
      await Stage.play(async (stage) => {
        const redis = store === "redis" ? await stage.load("redis-load") : undefined;
        const { port: redisPort } = (redis?.ready ?? { port: 0 }) as { readonly port: number };
        const server = await stage.server("lists-roomcast", [redisPort]);
        const load = await stage.load("lists-load", [server.ready.port]);
        await server.ask("fill", { connections, channels });
        const asking = { server, load, requests, gap };
        report(await hold({ ...contest, contenders, measure: async (list) => await measure({ ...asking, list }) }));
      });
    }
  },
};

async function measure({
  server,
  load,
  list: { path, page = "first", entries = 100 },
  requests,
  gap,
}: {
  readonly server: Actor;
  readonly load: Actor;
  readonly list: List;
  readonly requests: number;
  readonly gap: number;
}): Promise<Record<string, number>> {
  const place = await load.ask<string>("find", { path, page });
  await server.ask("watch");
  const asked: Asked = { path: place, page, entries, requests, gap };
  const times = await load.ask<Times>("list", asked);
  return { ...times, ...(await server.ask<Record<string, number>>("watched")) };
}

import { answer, tell } from "./child.ts";
import type { KindName } from "./client-kinds.ts";
import { monotonic } from "./clock.ts";
import type { Published } from "./contenders/publishing.ts";
import { seeded } from "./random.ts";
import { Crowd, lasting, type CrowdOptions } from "./recovering-crowd.ts";
import { importKey, signToken } from "./token.ts";

/**
 * Clients that lose their connections and come back. Arguments: port, clients, kind, bytes of an event, how many events
 * there can be, seed.
 */
const [port, clients, kind, bytes, numbers, seed] = process.argv.slice(2);
const options: CrowdOptions = {
  port: Number(port),
  clients: Number(clients),
  kind: kind as KindName,
  bytes: Number(bytes),
  numbers: Number(numbers),
  seed: Number(seed),
};
const key = await importKey();
const tokens = await Promise.all(
  Array.from({ length: options.clients }, async (_, index) => await signToken(key, `user${index}`)),
);
const crowd = new Crowd(options, tokens);
const random = seeded(options.seed);

type Events = Published["events"];

answer({
  connect: async () => await crowd.connect(50, tell),
  /** All have the event of this number. */
  having: async (number: number) => await crowd.having(number),
  /** Whoever connects from now on does so at this port. */
  move: (to: number) => crowd.moveTo(to),
  drop: () => {
    for (const client of crowd.clients) client.cut(Number.POSITIVE_INFINITY);
  },
  /**
   * The network is back; everybody tries within `spread` milliseconds. Answered when all have the event `until`: how long each
   * of them took since the network was back.
   */
  recover: async ({ spread, until }: { spread: number; until: number }) => {
    const start = monotonic();
    for (const client of crowd.clients) client.restore(random() * spread);
    await crowd.having(until);
    await crowd.whole();
    return lasting(crowd.clients.map((_, client) => (crowd.arrivedAt(client, until) as number) - start));
  },
  /** For so many seconds, takes the network away from each client `outage` seconds every `every` seconds. Answered when all are back. */
  disrupt: async ({ seconds, every, outage }: { seconds: number; every: number; outage: number }) => {
    const ends: Promise<void>[] = [];
    for (const client of crowd.clients) {
      for (let at = random() * every; at < seconds; at += every) {
        ends.push(
          new Promise((resolve) => {
            setTimeout(() => {
              client.cut(outage * 1000);
              resolve();
            }, at * 1000);
          }),
        );
      }
    }
    await Promise.all([...ends, new Promise((resolve) => setTimeout(resolve, seconds * 1000))]);
    await crowd.whole();
  },
  disruption: (published: Events) => {
    const away = crowd.comebacks.map(({ lostAt, followedAt }) => followedAt - lostAt);
    return {
      ...crowd.account(published),
      outages: away.length,
      away: away.reduce((sum, one) => sum + one, 0) / away.length,
      replay: lasting(crowd.replays(published)),
    };
  },
  /** How many have been away and are back: all, or those that are after so many seconds. */
  back: async (seconds: number) => await crowd.back(seconds * 1000),
  deploy: (published: Events) => ({
    ...crowd.account(published),
    comebacks: crowd.comebacks.length,
    ...lasting(crowd.comebacks.map(({ lostAt, followedAt }) => followedAt - lostAt)),
  }),
});

import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { DEFAULT_LIMITS } from "@roomcast/core";
import { brokerCases, presenceStoreCases, revocationsCases, type ConformanceCase } from "@roomcast/core/testing";
import { afterAll, beforeAll, describe, it } from "vitest";
import { RedisServer } from "../test/redis-server.ts";
import { RedisBroker } from "./broker.ts";
import { Keys } from "./keys.ts";
import { RedisPresenceStore } from "./presence.ts";
import { RedisRevocations } from "./revocations.ts";
import { SingleLink } from "./single-link.ts";

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(async () => {
  await server.stop();
});

function run(cases: readonly ConformanceCase[]): void {
  for (const { name, run: body } of cases) it(name, body);
}

function link(): SingleLink {
  return new SingleLink({ url: server.url });
}

async function started(): Promise<SingleLink> {
  const made = link();
  await made.start();
  return made;
}

/** What is announced comes over another connection than what is answered. */
const SETTLE_MS = 50;

describe("RedisBroker", () => {
  run(
    brokerCases({
      longestMs: 3000,
      make: async (limits) => {
        const keys = new Keys(randomUUID());
        const links = [link(), link(), link()];
        const brokers = links.map(
          (own) => new RedisBroker({ link: own, keys, limits: { ...DEFAULT_LIMITS, ...limits } }),
        );
        let next = 0;
        return {
          node: () => brokers[next++] as RedisBroker,
          nodes: brokers.length,
          now: () => Date.now(),
          advance: async (ms) => await delay(ms),
          settle: async () => await delay(SETTLE_MS),
          close: async () => {
            for (const broker of brokers) await broker.close();
          },
        };
      },
    }),
  );
});

describe("RedisPresenceStore", () => {
  run(
    presenceStoreCases(async () => {
      const keys = new Keys(randomUUID());
      const links = await Promise.all([started(), started()]);
      const [store, other] = links.map(
        (own, at) => new RedisPresenceStore({ link: own, keys, nodeId: `node-${at + 1}` }),
      ) as [RedisPresenceStore, RedisPresenceStore];
      return {
        store,
        other,
        close: async () => {
          await store.close();
          await other.close();
          for (const own of links) await own.close();
        },
      };
    }),
  );
});

describe("RedisRevocations", () => {
  run(
    revocationsCases(async () => {
      const keys = new Keys(randomUUID());
      const at = Date.now();
      const links = await Promise.all([started(), started()]);
      const [revocations, other] = links.map((own) => new RedisRevocations({ link: own, keys })) as [
        RedisRevocations,
        RedisRevocations,
      ];
      return {
        revocations,
        other,
        now: () => at,
        close: async () => {
          for (const own of links) await own.close();
        },
      };
    }),
  );
});

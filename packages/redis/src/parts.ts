import { randomUUID } from "node:crypto";
import type { Limits } from "@roomcast/core";
import type { Member } from "@roomcast/protocol";
import { RedisBroker } from "./broker.ts";
import { connectRedis, type RedisTarget } from "./connect.ts";
import { Keys } from "./keys.ts";
import { RedisPresenceStore } from "./presence.ts";
import { RedisRevocations } from "./revocations.ts";

/** With `url`, such as `redis://user:password@host:6379/0` (`rediss://` for TLS), or as `RedisTarget` says. */
export type RedisPartsOptions = RedisTarget & RedisPartsSettings;

export interface RedisPartsSettings {
  /** Before all keys; letters, digits and `._:-`. Nodes with the same prefix are one cluster. `roomcast` by default. */
  readonly prefix?: string;
  /** A random one by default. */
  readonly nodeId?: string;
  readonly limits?: Pick<Limits, "channelsPerTenant" | "historyBytesPerChannel" | "historyBytesPerTenant">;
  /**
   * How long revocations are remembered, in milliseconds: as long as tokens live at most, and eight hours at least where the
   * admin page is on, whose sessions that were signed out would hold again.
   */
  readonly revocationsMs?: number;
  /** Milliseconds after which the sessions and members of a node that is heard of no more are gone; 8,000 by default. */
  readonly leaseMs?: number;
  /** Told of what goes wrong without anybody waiting for it. */
  readonly failed?: (where: string, error: unknown) => void;
}

/** What makes gateways with the same Redis and prefix one. To be given to one `createGateway`. */
export interface RedisParts {
  readonly nodeId: string;
  readonly broker: RedisBroker;
  readonly presence: RedisPresenceStore;
  readonly revocations: RedisRevocations;
}

const PREFIX = /^[\w.:-]{1,64}$/;

/** Makes the parts of a gateway that many nodes share. Connects when the gateway starts. Throws for a prefix that is none. */
export function redisParts(options: RedisPartsOptions): RedisParts {
  const { prefix = "roomcast", nodeId = randomUUID(), limits, revocationsMs, leaseMs } = options;
  if (!PREFIX.test(prefix)) throw new Error("A prefix of Redis is 1 to 64 of A-Z, a-z, 0-9, _, ., : and -");
  const failed = options.failed ?? (() => undefined);
  const link = connectRedis({ ...options, failed: (error) => failed("Redis", error) });
  const keys = new Keys(prefix);
  const broker = new RedisBroker({
    link,
    keys,
    ...(limits === undefined ? undefined : { limits }),
    observer: { failed, malformed: (where) => failed("Redis", new Error(`Something in Redis is no ${where} of ours`)) },
  });
  const presence = new RedisPresenceStore({
    link,
    keys,
    nodeId,
    ...(leaseMs === undefined ? undefined : { leaseMs }),
    failed,
    changed: async (address, { joined = [], left = [] }) => {
      const members = { joined: joined.map(toMember), left: left.map(toMember), updated: [] };
      await broker.signal(address, { type: "presence", address, ...members });
    },
  });
  const remember = revocationsMs === undefined ? undefined : { rememberMs: revocationsMs };
  return { nodeId, broker, presence, revocations: new RedisRevocations({ link, keys, failed, ...remember }) };
}

function toMember({ nodeId: _nodeId, ...member }: Member & { readonly nodeId: string }): Member {
  return member;
}

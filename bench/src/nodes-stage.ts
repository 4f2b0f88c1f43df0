import type { Contender } from "./contest.ts";
import type { FeedLanguage } from "./feed-reader.ts";
import { redisServer } from "./installed.ts";
import type { Actor, ServerActor, Stage } from "./stage.ts";

/** What makes nodes one, over a Redis. */
export interface NodesContender extends Contender {
  /** The file in `contenders/` of one node, and what it is told besides the port of Redis. */
  readonly file: string;
  readonly args: readonly string[];
  readonly language: FeedLanguage;
}

const installed = redisServer();
const missing = "missing" in installed ? installed.missing : undefined;

function contender(name: string, title: string, file: string, ...args: readonly string[]): NodesContender {
  return { name, title, file, args, language: "socket.io", missing };
}

export const PLAIN_HISTORY_OFF = contender("sharded", "Socket.IO, sharded adapter", "nodes-plain", "sharded");
export const PLAIN_HISTORY_ON = contender("streams", "Socket.IO, streams adapter", "nodes-plain", "streams");
export const ROOMCAST_HISTORY_OFF = contender("roomcast", "Roomcast, history off", "nodes-roomcast", "none");
export const ROOMCAST_HISTORY_ON = contender("kept", "Roomcast, history on", "nodes-roomcast", "kept");
/** No nodes at all: what publishing and listening take in Redis. */
export const BARE: NodesContender = {
  ...contender("bare", "bare Redis PUBLISH, SUBSCRIBE", "nodes-bare"),
  language: "redis",
};

/** A Redis and some nodes behind it. The nodes share a core; Redis is on the other, with what makes work for them. */
export interface Nodes<Count extends readonly unknown[]> {
  readonly redis: Actor & { readonly ready: { readonly port: number } };
  readonly nodes: { readonly [At in keyof Count]: ServerActor };
}

/** Starts as many nodes as the tuple has places. */
export async function startNodes<const Count extends readonly string[]>(
  stage: Stage,
  { file, args }: NodesContender,
  names: Count,
): Promise<Nodes<Count>> {
  const redis = (await stage.load("redis-load")) as Nodes<Count>["redis"];
  const nodes: ServerActor[] = [];
  for (const _ of names) nodes.push(await stage.server(file, [redis.ready.port, ...args]));
  return { redis, nodes: nodes as unknown as Nodes<Count>["nodes"] };
}

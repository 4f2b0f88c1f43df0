import type { ChannelAddress, Publication } from "@roomcast/protocol";
import type { Broker, BrokerReader, Draft, Signal } from "../broker.ts";
import type { Limits } from "../limits.ts";
import { until } from "./cases.ts";

export type BrokerLimits = Pick<Limits, "channelsPerTenant" | "historyBytesPerChannel" | "historyBytesPerTenant">;

/** A fresh broker, empty of everything, and what a suite needs to watch it. */
export interface BrokerSubject {
  /** One more node's broker on the same data; the first call gives the first node's. It has not been started. */
  node(): Broker;
  /** How many nodes can share the data; 1 for brokers of a single process. */
  readonly nodes: number;
  /** Milliseconds since 1970, as the broker sees them. */
  now(): number;
  /** Lets time pass, for real or by a clock that is moved. */
  advance(ms: number): Promise<void>;
  /** Resolves when whatever is under way between nodes has arrived. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

/** What one node was told. */
export class NodeLog implements BrokerReader {
  readonly publications: Publication[] = [];
  readonly signals: { readonly address: ChannelAddress; readonly signal: Signal }[] = [];

  publication(publication: Publication): void {
    this.publications.push(publication);
  }

  signal(address: ChannelAddress, signal: Signal): void {
    this.signals.push({ address, signal });
  }

  /** The `data` of what came. */
  get data(): readonly unknown[] {
    return this.publications.map(({ data }) => data);
  }

  async reaches(count: number): Promise<void> {
    await until(() => this.publications.length >= count, `${count} publications at the node`);
  }
}

/** Starts the next node of a subject. */
export async function startNode(subject: BrokerSubject, nodeId = "node-1"): Promise<{ broker: Broker; log: NodeLog }> {
  const log = new NodeLog();
  const broker = subject.node();
  await broker.start(nodeId, log);
  return { broker, log };
}

export function draft(subject: BrokerSubject, data: unknown, fields: Partial<Draft> = {}): Draft {
  return { event: "message", data, source: "socket", timestamp: subject.now(), ...fields };
}

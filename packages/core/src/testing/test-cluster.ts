import { addressKey, type ChannelAddress, type Publication } from "@roomcast/protocol";
import type { Broker, BrokerReader, Draft, HistoryQuery, Keep, PublishOptions, Signal } from "../broker.ts";
import type { Clock } from "../clock.ts";
import { DEFAULT_LIMITS } from "../limits.ts";
import { MemoryBroker } from "../memory-broker.ts";
import type { BrokerLimits } from "./broker-subject.ts";

/** Lets what is under way between nodes take its time; resolves when a message may go on. */
export type Delay = () => Promise<void>;

interface Node {
  readonly reader: BrokerReader;
  readonly subscribed: Map<string, number>;
  /** The end of the signals that are under way to it. */
  arriving: Promise<void>;
}

/**
 * Several nodes on one memory broker: what a shared broker is to a cluster, in one process. Calls and signals
 * take their time, as over a network.
 */
export class TestCluster {
  readonly #memory: MemoryBroker;
  readonly #nodes = new Set<Node>();
  readonly #delay: Delay;
  #started: Promise<void> | undefined;

  constructor(options: { clock: Clock; delay?: Delay; limits?: Partial<BrokerLimits> }) {
    this.#memory = new MemoryBroker({ clock: options.clock, limits: { ...DEFAULT_LIMITS, ...options.limits } });
    this.#delay = options.delay ?? (() => Promise.resolve());
  }

  /** The broker of one more node. */
  broker(): Broker {
    let node: Node | undefined;
    const started = (): Node => {
      if (node === undefined) throw new Error("The broker has not been started");
      return node;
    };
    return {
      start: async (_nodeId, reader) => {
        await (this.#started ??= this.#start());
        node = { reader, subscribed: new Map(), arriving: Promise.resolve() };
        this.#nodes.add(node);
      },
      publish: async (address: ChannelAddress, draft: Draft, options: PublishOptions) => {
        await this.#delay();
        await this.#memory.subscribe(address);
        const published = await this.#memory.publish(address, draft, options);
        await this.#delay();
        return published;
      },
      signal: async (address: ChannelAddress, signal: Signal) => {
        await this.#delay();
        this.#tell(address, signal);
      },
      subscribe: async (address: ChannelAddress) => {
        const { subscribed } = started();
        const key = addressKey(address);
        await this.#delay();
        subscribed.set(key, (subscribed.get(key) ?? 0) + 1);
        await this.#delay();
        let held = true;
        return () => {
          if (!held) return;
          held = false;
          const left = (subscribed.get(key) ?? 1) - 1;
          if (left === 0) subscribed.delete(key);
          else subscribed.set(key, left);
        };
      },
      history: async (address: ChannelAddress, keep: Keep, query: HistoryQuery) => {
        await this.#delay();
        const page = await this.#memory.history(address, keep, query);
        await this.#delay();
        return page;
      },
    };
  }

  async close(): Promise<void> {
    this.#nodes.clear();
    await this.#memory.close();
  }

  async #start(): Promise<void> {
    await this.#memory.start("cluster", {
      publication: (publication) => this.#announce(publication),
      signal: () => {},
    });
  }

  /** Publications are announced with the append: what a node reads of a log that it subscribes to, it has heard of. */
  #announce(publication: Publication): void {
    const key = addressKey(publication.address);
    for (const { reader, subscribed } of this.#nodes) if (subscribed.has(key)) reader.publication(publication);
  }

  /** Decided now who hears of it, told later and in order; a node that lets go meanwhile hears nothing. */
  #tell(address: ChannelAddress, signal: Signal): void {
    const key = addressKey(address);
    for (const node of this.#nodes) {
      if (!node.subscribed.has(key)) continue;
      node.arriving = node.arriving.then(async () => {
        await this.#delay();
        if (node.subscribed.has(key)) node.reader.signal(address, signal);
      });
    }
  }
}

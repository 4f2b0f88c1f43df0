import { RealtimeClient } from "@roomcast/client";
import type { Position, RealtimeEvent } from "@roomcast/client";
import type { ListenerRecord, PublicationRecord, Seen } from "./checker.ts";
import { Proxy } from "./proxy.ts";
import type { Random } from "./random.ts";

interface Listening {
  readonly record: ListenerRecord & { seen: Seen[]; toTheEnd: boolean };
  readonly stop: () => void;
  readonly joined: boolean;
  readonly subscription: string | undefined;
}

export interface ActorOptions {
  readonly name: string;
  readonly tenant: string;
  readonly token: string;
  /** The port of a node that is there, if any is. */
  readonly target: () => number | undefined;
  readonly random: Random;
}

const LEAVE_AGAIN_MS = 300;

type Mutable<Value> = { -readonly [Key in keyof Value]: Value[Key] };

/** A client through a network of its own, and a record of all that it did and saw. */
export class Actor {
  readonly name: string;
  readonly tenant: string;
  readonly proxy: Proxy;
  readonly publications: PublicationRecord[] = [];
  readonly listeners: ListenerRecord[] = [];
  reconnects = 0;
  errors = 0;
  readonly #token: string;
  readonly #random: Random;
  readonly #listening = new Map<string, Listening>();
  #client: RealtimeClient | undefined;
  #connectedAt = Infinity;
  #count = 0;
  #closed = false;

  constructor(options: ActorOptions) {
    this.name = options.name;
    this.tenant = options.tenant;
    this.#token = options.token;
    this.#random = options.random;
    this.proxy = new Proxy({ target: options.target });
  }

  get client(): RealtimeClient {
    if (this.#client === undefined) throw new Error("It has not been started");
    return this.#client;
  }

  /** The id of its session, while it has one. */
  get socketId(): string | undefined {
    return this.client.state === "connected" ? this.client.session?.socketId : undefined;
  }

  get channels(): readonly string[] {
    return [...this.#listening.keys()];
  }

  /** Channels that it is a member of. */
  get memberships(): readonly string[] {
    return [...this.#listening].filter(([, { joined }]) => joined).map(([channel]) => channel);
  }

  async start(): Promise<void> {
    await this.proxy.listen();
    const url = `http://127.0.0.1:${this.proxy.port}`;
    this.#client = new RealtimeClient({ url, token: this.#token, reconnectionDelay: 100 });
    this.#client.on("connection", ({ state }) => {
      if (state !== "connected") return;
      if (this.#connectedAt !== Infinity) this.reconnects++;
      this.#connectedAt = Date.now();
    });
    this.#client.on("error", () => this.errors++);
  }

  /** Follows or joins a channel, or ends that. */
  toggle(channel: string): void {
    if (this.#listening.has(channel)) this.#end(channel);
    else this.#begin(channel, this.#random.chance(0.5));
  }

  publish(channel: string): Promise<void> {
    const key = `${this.name}.${++this.#count}`;
    const { tenant } = this;
    const record: Mutable<PublicationRecord> = { key, tenant, channel, startedAt: Date.now(), outcome: "open" };
    this.publications.push(record);
    return this.client.socketClient.publish(channel, "said", { key, tenant, channel }).then(
      ({ position }) => {
        record.outcome = "acknowledged";
        if (position !== undefined) record.position = position;
      },
      () => {
        record.outcome = "refused";
      },
    );
  }

  /** Where it stands in a channel that it reads. */
  position(channel: string): Position | undefined {
    return this.#listening.get(channel)?.record.seen.at(-1)?.position;
  }

  /** All is over: what it still reads it has read to the end. */
  finish(): void {
    for (const { record } of this.#listening.values()) record.toTheEnd = true;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#client?.disconnect();
    await this.proxy.close();
  }

  #begin(channel: string, joined: boolean): void {
    const { client, tenant } = this;
    const seen: Seen[] = [];
    const record = { client: this.name, tenant, channel, seen, toTheEnd: false };
    this.listeners.push(record);
    const stops = [
      client.on(`event:${channel}`, (event) => seen.push(this.#saw(event as RealtimeEvent))),
      client.on("gap", (gap) => {
        if (gap.channel !== channel) return;
        const { position } = gap;
        seen.push({ kind: "gap", at: Date.now(), ...(position === undefined ? undefined : { position }) });
      }),
    ];
    const stop = (): void => stops.forEach((one) => one());
    const subscription = joined ? undefined : client.subscribe({ topic: channel });
    const listening = { record, stop, joined, subscription };
    this.#listening.set(channel, listening);
    if (!joined) return;
    client.socketClient.joinChannel(channel).catch(() => {
      // It was closed before it had joined, so that it does not join any more.
      if (this.#listening.get(channel) === listening) this.#end(channel);
    });
  }

  #saw(event: RealtimeEvent): Seen {
    const { key, tenant, channel } = event.payload as { key: string; tenant: string; channel: string };
    const { position, timestamp } = event;
    const recovered = timestamp < this.#connectedAt;
    const place = position === undefined ? undefined : { position };
    return { kind: "event", at: Date.now(), key, tenant, channel, recovered, ...place };
  }

  #end(channel: string): void {
    const listening = this.#listening.get(channel);
    if (listening === undefined) return;
    this.#listening.delete(channel);
    listening.stop();
    if (listening.subscription !== undefined) this.client.unsubscribe(listening.subscription);
    else this.#leave(channel);
  }

  /** Until it has worked: what is refused while Redis is away leaves it a member. */
  #leave(channel: string): void {
    if (this.#closed || this.#listening.has(channel)) return;
    this.client.socketClient.leaveChannel(channel).catch(() => {
      this.errors++;
      setTimeout(() => this.#leave(channel), LEAVE_AGAIN_MS);
    });
  }
}

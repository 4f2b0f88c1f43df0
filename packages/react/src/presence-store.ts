import type { Member, RealtimeClient, RealtimeError } from "@roomcast/client";
import { KeyedStore, type KeyedSource } from "./keyed-store.ts";
import { byAge, peopleOf, type Person } from "./people.ts";

export interface PresenceSnapshot {
  /** Whether we are in it, and `members` is known. */
  readonly joined: boolean;
  /** All sessions that are in the channel, ours too, oldest first; at most the oldest 1,000. */
  readonly members: readonly Member[];
  /** The same, by user. */
  readonly people: readonly Person[];
  /** How many sessions there are. */
  readonly total: number;
  /** Why we are not in it. It is tried again on the next connection. */
  readonly error: RealtimeError | undefined;
}

const MOST_MEMBERS = 1000;
const NOBODY: PresenceSnapshot = { joined: false, members: [], people: [], total: 0, error: undefined };

/** The channels that components of one client are in; one membership for each, however many components look. */
export class PresenceStore implements KeyedSource<PresenceSnapshot> {
  readonly initial = NOBODY;
  readonly #client: RealtimeClient;
  readonly #store: KeyedStore<PresenceSnapshot>;
  readonly #rooms = new Map<string, Room>();
  /** What others are to see of us, as JSON. */
  readonly #states = new Map<string, string>();

  constructor(options: { client: RealtimeClient }) {
    this.#client = options.client;
    this.#store = new KeyedStore<PresenceSnapshot>({
      initial: NOBODY,
      begin: (channel, set) => {
        const room = new Room({ client: this.#client, channel, set, state: () => this.#states.get(channel) });
        this.#rooms.set(channel, room);
        return () => {
          this.#rooms.delete(channel);
          this.#states.delete(channel);
          room.close();
        };
      },
    });
  }

  get(channel: string | undefined): PresenceSnapshot {
    return this.#store.get(channel);
  }

  subscribe(channel: string | undefined, listener: () => void): () => void {
    return this.#store.subscribe(channel, listener);
  }

  /** Says what others see of us there; the last one to say it has it. */
  setState(channel: string, json: string): void {
    this.#states.set(channel, json);
    this.#rooms.get(channel)?.update();
  }
}

/** One membership, from its first component to its last. */
class Room {
  readonly #client: RealtimeClient;
  readonly #channel: string;
  readonly #set: (snapshot: PresenceSnapshot) => void;
  readonly #state: () => string | undefined;
  readonly #stops: readonly (() => void)[];
  /** Undefined while we are not in it. */
  #roster: Map<string, Member> | undefined;
  /** The state that the server was last told. */
  #told: string | undefined;
  #holding = false;
  #closed = false;

  constructor(options: {
    client: RealtimeClient;
    channel: string;
    set: (snapshot: PresenceSnapshot) => void;
    state: () => string | undefined;
  }) {
    this.#client = options.client;
    this.#channel = options.channel;
    this.#set = options.set;
    this.#state = options.state;
    this.#stops = [
      this.#client.on(`presence:${this.#channel}`, ({ joined, left, updated }) => {
        // Without a roster these are in the members that are still to come.
        if (this.#roster === undefined) return;
        for (const { socketId } of left) this.#roster.delete(socketId);
        for (const member of [...joined, ...updated]) this.#roster.set(member.socketId, member);
        this.#show();
      }),
      this.#client.on("gap", ({ channel }) => {
        if (channel === this.#channel && this.#roster !== undefined) void this.#ask();
      }),
      this.#client.on("error", (error) => {
        if (error.channel === this.#channel && error.subscriptionId === `@${this.#channel}`) this.#failed(error);
      }),
      this.#client.on("connection", ({ state }) => {
        if (state === "connected" && !this.#holding) void this.#join();
      }),
    ];
    // Not before the component that brought us here has said its state.
    queueMicrotask(() => void this.#join());
  }

  update(): void {
    const state = this.#state();
    if (this.#roster === undefined || state === undefined || state === this.#told) return;
    this.#told = state;
    void this.#tell(state);
  }

  close(): void {
    this.#closed = true;
    for (const stop of this.#stops) stop();
    this.#release();
  }

  async #tell(json: string): Promise<void> {
    const state: unknown = JSON.parse(json);
    try {
      await this.#client.socketClient.setState(this.#channel, state);
    } catch (thrown) {
      if (this.#told === json) this.#told = undefined;
      if (!this.#closed) this.#show(thrown as RealtimeError);
      return;
    }
    // The server does not tell us what concerns nobody but ourselves.
    const own = this.#roster?.get(this.#client.session?.socketId ?? "");
    if (this.#closed || this.#told !== json || own === undefined) return;
    this.#roster?.set(own.socketId, { ...own, state });
    this.#show();
  }

  async #join(): Promise<void> {
    if (this.#closed || this.#holding) return;
    this.#holding = true;
    const state = this.#state();
    try {
      const held = this.#client.socketClient.holdChannel(
        this.#channel,
        state === undefined ? undefined : JSON.parse(state),
      );
      const members = await held;
      if (this.#closed) return;
      this.#told = state;
      this.#roster = rosterOf(members);
      this.#show();
      this.update();
    } catch (thrown) {
      if (!this.#closed) this.#failed(thrown as RealtimeError);
    }
  }

  /** Who came and went may have been lost with the events. */
  async #ask(): Promise<void> {
    try {
      const members = await this.#client.socketClient.members(this.#channel);
      if (this.#closed || this.#roster === undefined) return;
      this.#roster = rosterOf(members);
      this.#show();
    } catch {
      // The connection is lost: the next one brings them.
    }
  }

  #failed(error: RealtimeError): void {
    this.#roster = undefined;
    this.#release();
    this.#set({ ...NOBODY, error });
  }

  #release(): void {
    if (!this.#holding) return;
    this.#holding = false;
    // A session that is ending has left.
    this.#client.socketClient.releaseChannel(this.#channel).catch(() => undefined);
  }

  #show(error?: RealtimeError): void {
    const all = [...(this.#roster?.values() ?? [])].sort(byAge);
    const members = all.slice(0, MOST_MEMBERS);
    this.#set({ joined: this.#roster !== undefined, members, people: peopleOf(members), total: all.length, error });
  }
}

function rosterOf(members: readonly Member[]): Map<string, Member> {
  return new Map(members.map((member) => [member.socketId, member]));
}

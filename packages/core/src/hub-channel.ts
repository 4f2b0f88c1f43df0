import {
  OPERATOR_CHANNELS,
  type ChannelAddress,
  type Position,
  type PresenceChange,
  type Publication,
  type Push,
} from "@roomcast/protocol";
import type { EncodedFrame, Wire } from "./connection.ts";
import { FilterIndex } from "./filter-index.ts";
import type { Observer } from "./observer.ts";
import type { ChannelSettings } from "./policy.ts";
import type { Reader } from "./reader.ts";
import type { TenantTraffic, Traffic } from "./stats/traffic.ts";

/** The readers without a filter that share a wire: one encoding serves all of them. */
interface WireGroup {
  readonly wire: Wire;
  readonly readers: Reader[];
}

/** One push, encoded at most once for each wire. Few wires: a list is faster than a map. */
class Encodings {
  readonly #push: Push;
  readonly #wires: Wire[] = [];
  readonly #frames: (EncodedFrame | undefined)[] = [];

  constructor(push: Push) {
    this.#push = push;
  }

  /** Undefined where the wire's dialect has no word for the push. */
  for(wire: Wire): EncodedFrame | undefined {
    const known = this.#wires.indexOf(wire);
    if (known >= 0) return this.#frames[known];
    const frame = wire.dialect.encode(this.#push);
    const encoded = frame === undefined ? undefined : wire.encode(frame);
    this.#wires.push(wire);
    this.#frames.push(encoded);
    return encoded;
  }
}

/** A channel as this node sees it: who follows it here. */
export class HubChannel {
  readonly address: ChannelAddress;
  readonly key: string;
  readonly settings: ChannelSettings;
  readonly tenant: TenantTraffic;
  /** Resolves when the broker announces the channel to this node; set by the hub. */
  subscribed: Promise<() => void> | undefined;
  /** Where the last delivered publication stands. */
  position: Position | undefined;
  readonly #observer: Observer;
  /** Undefined for operators' channels: what is said there of the traffic is none. */
  readonly #traffic: Traffic | undefined;
  readonly #readers = new Set<Reader>();
  readonly #groups: WireGroup[] = [];
  /** Made when somebody follows with a filter: most channels never have one. */
  #filters: FilterIndex<Reader> | undefined;
  #stamp = 0;

  constructor(options: {
    address: ChannelAddress;
    key: string;
    settings: ChannelSettings;
    observer: Observer;
    tenant: TenantTraffic;
    traffic: Traffic;
  }) {
    this.address = options.address;
    this.key = options.key;
    this.settings = options.settings;
    this.#observer = options.observer;
    this.tenant = options.tenant;
    this.#traffic = OPERATOR_CHANNELS.has(options.address.name) ? undefined : options.traffic;
  }

  get size(): number {
    return this.#readers.size;
  }

  get filters(): Pick<FilterIndex<Reader>, "has" | "impure"> | undefined {
    return this.#filters;
  }

  /** Puts `reader` where its subscriptions belong; with none it leaves. */
  place(reader: Reader, subscriptions: Reader["subscriptions"]): void {
    for (const { filter } of reader.subscriptions) if (filter !== undefined) this.#filters?.remove(filter, reader);
    reader.subscriptions = subscriptions;
    if (subscriptions.length === 0) this.#readers.delete(reader);
    else this.#readers.add(reader);
    if (reader.unfiltered) {
      this.#enter(reader);
      return;
    }
    this.#exit(reader);
    for (const { filter } of subscriptions) {
      if (filter !== undefined) (this.#filters ??= new FilterIndex()).add(filter, reader);
    }
  }

  /** Writes a publication to everybody here who wants it. */
  deliver(publication: Publication): void {
    if (publication.position !== undefined) this.position = publication.position;
    const encodings = new Encodings(publication);
    let written = 0;
    // A copy: a reader that is ended for being slow may take the last of its group with it.
    for (const { wire, readers } of this.#groups.slice()) {
      const frame = encodings.for(wire);
      if (frame === undefined) {
        this.#observer.dropped?.("no-form", readers.length);
        continue;
      }
      // Backwards: a reader that is ended for being slow leaves its place to the last one, which was served.
      for (let i = readers.length - 1; i >= 0; i--) this.#write(readers[i] as Reader, publication, frame);
      written += readers.length;
      this.#told(wire, readers.length);
    }
    const filters = this.#filters;
    if (filters?.isEmpty === false) written += this.#deliverFiltered(filters, publication, encodings);
    this.#traffic?.delivered(this, written);
  }

  /** To how many it was written. */
  #deliverFiltered(filters: FilterIndex<Reader>, publication: Publication, encodings: Encodings): number {
    let written = 0;
    const stamp = ++this.#stamp;
    const matched: Reader[] = [];
    filters.match(publication.data, (readers) => {
      for (const reader of readers) {
        if (reader.stamp === stamp) continue;
        reader.stamp = stamp;
        matched.push(reader);
      }
    });
    for (const reader of matched) {
      const { wire } = reader.connection;
      const frame = encodings.for(wire);
      if (frame === undefined) {
        this.#observer.dropped?.("no-form", 1);
        continue;
      }
      this.#write(reader, publication, frame);
      this.#told(wire, 1);
      written++;
    }
    const unfiltered = this.#groups.reduce((sum, { readers }) => sum + readers.length, 0);
    this.#observer.filtered?.(this.#readers.size - unfiltered - matched.length);
    return written;
  }

  /** Tells all readers that they missed something, and goes on from `position`. */
  lost(position: Position): void {
    this.position = position;
    for (const reader of [...this.#readers]) {
      reader.lagging = true;
      reader.live = false;
      if (!reader.holding) reader.session.catchUp(reader);
    }
  }

  /** Tells the members what changed among them; not one who would hear of nothing but itself. */
  tell(change: PresenceChange): void {
    const { joined, left, updated } = change;
    const changes = [...joined, ...left, ...updated];
    const first = changes[0]?.socketId;
    const only = changes.every(({ socketId }) => socketId === first) ? first : undefined;
    const encodings = new Encodings(change);
    for (const reader of [...this.#readers]) {
      if (reader.member === undefined || reader.session.id === only || reader.lagging) continue;
      const frame = encodings.for(reader.connection.wire);
      if (frame === undefined) continue;
      if (reader.connection.overloaded) reader.session.slow(reader);
      else reader.connection.write(frame);
    }
  }

  /** A publication to one reader: what it was owed when a hold ended. */
  deliverTo(reader: Reader, publication: Publication, held?: "held"): void {
    const { wire } = reader.connection;
    const frame = new Encodings(publication).for(wire);
    if (frame === undefined) return;
    if (held === undefined) this.#write(reader, publication, frame);
    else {
      reader.delivered++;
      reader.connection.write(frame);
    }
    this.#told(wire, 1);
    this.#traffic?.delivered(this, 1);
  }

  #told(wire: Wire, count: number): void {
    if (this.#traffic !== undefined) this.#observer.delivered?.(wire.dialect.name, count);
  }

  #write(reader: Reader, publication: Publication, frame: EncodedFrame): void {
    if (!reader.live) {
      if (reader.holding) reader.keep(publication);
      else this.#dropped(reader);
    } else if (reader.connection.overloaded) {
      this.#dropped(reader);
      reader.session.slow(reader);
    } else {
      reader.delivered++;
      reader.connection.write(frame);
    }
  }

  #dropped(reader: Reader): void {
    reader.dropped++;
    this.#observer.dropped?.("slow", 1);
  }

  #enter(reader: Reader): void {
    if (reader.index >= 0) return;
    const { wire } = reader.connection;
    let group = this.#groups.find((other) => other.wire === wire);
    if (group === undefined) this.#groups.push((group = { wire, readers: [] }));
    reader.index = group.readers.length;
    group.readers.push(reader);
  }

  #exit(reader: Reader): void {
    if (reader.index < 0) return;
    const at = this.#groups.findIndex((group) => group.wire === reader.connection.wire);
    const { readers } = this.#groups[at] as WireGroup;
    const last = readers.pop() as Reader;
    if (last !== reader) {
      readers[reader.index] = last;
      last.index = reader.index;
    }
    reader.index = -1;
    if (readers.length === 0) this.#groups.splice(at, 1);
  }
}

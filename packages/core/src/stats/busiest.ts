import { addressKey, isReservedName, type ChannelAddress } from "@roomcast/protocol";

/** How many channels are told. */
const MOST_TOLD = 10;
/** Of so many channels the events of one interval are counted; those that come later in it are left out. */
const MOST_COUNTED = 20_000;

/** The events of one channel in an interval. */
export interface Busy {
  readonly tenantId: string;
  readonly channel: string;
  in: number;
  out: number;
}

/** The events of single channels in one interval. Channels of the gateway's own, and of single users, are left out. */
export class Busiest {
  readonly #channels = new Map<string, Busy>();

  published(address: ChannelAddress): void {
    const busy = this.#of(addressKey(address), address);
    if (busy !== undefined) busy.in++;
  }

  delivered({ key, address }: { readonly key: string; readonly address: ChannelAddress }, count: number): void {
    const busy = this.#of(key, address);
    if (busy !== undefined) busy.out += count;
  }

  /** Those with the most events in and out together, most first: of all tenants, and of each of `tenants`. */
  top(tenants: Iterable<string>): { readonly all: readonly Busy[]; readonly of: ReadonlyMap<string, readonly Busy[]> } {
    const all: Busy[] = [];
    const of = new Map<string, Busy[]>();
    for (const tenantId of tenants) of.set(tenantId, []);
    for (const busy of this.#channels.values()) {
      enter(all, busy);
      const own = of.get(busy.tenantId);
      if (own !== undefined) enter(own, busy);
    }
    return { all, of };
  }

  #of(key: string, { tenantId, name, userId }: ChannelAddress): Busy | undefined {
    let busy = this.#channels.get(key);
    if (busy !== undefined) return busy;
    if (userId !== undefined || isReservedName(name) || this.#channels.size >= MOST_COUNTED) return undefined;
    this.#channels.set(key, (busy = { tenantId, channel: name, in: 0, out: 0 }));
    return busy;
  }
}

/** Puts `busy` at its place in a short list, whose last goes where it is full. */
function enter(list: Busy[], busy: Busy): void {
  const weight = busy.in + busy.out;
  let at = list.length;
  for (let above = list[at - 1]; above !== undefined && above.in + above.out < weight; above = list[at - 1]) at--;
  if (at >= MOST_TOLD) return;
  list.splice(at, 0, busy);
  if (list.length > MOST_TOLD) list.pop();
}

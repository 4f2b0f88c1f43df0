import { type RealtimeClient, type GapEvent, type RealtimeEvent } from "@roomcast/client";

type Heard =
  | { readonly kind: "event"; readonly event: RealtimeEvent }
  | { readonly kind: "gap"; readonly gap: GapEvent };

/** A reader of one topic through the SDK, and all that it heard. */
export class Listener {
  readonly client: RealtimeClient;
  readonly topic: string;
  readonly heard: Heard[] = [];

  constructor(client: RealtimeClient, topic: string) {
    this.client = client;
    this.topic = topic;
    client.on(`event:${topic}`, (event) => this.heard.push({ kind: "event", event: event as RealtimeEvent }));
    client.on("gap", (gap) => {
      if (gap.channel === topic) this.heard.push({ kind: "gap", gap });
    });
    client.subscribe({ topic });
  }

  get events(): readonly RealtimeEvent[] {
    return this.heard.flatMap((heard) => (heard.kind === "event" ? [heard.event] : []));
  }

  get gaps(): number {
    return this.heard.filter(({ kind }) => kind === "gap").length;
  }

  /**
   * What this listener heard wrongly: an event twice, out of order, or one missing that no gap announced. `first` is the
   * offset after which it began to follow.
   */
  violations(first = 0): readonly string[] {
    const wrong: string[] = [];
    const seen = new Set<string>();
    let epoch: string | undefined;
    let offset = first;
    for (const heard of this.heard) {
      if (heard.kind === "gap") {
        ({ epoch, offset } = heard.gap.position ?? { epoch: undefined, offset: 0 });
        continue;
      }
      const { position, id } = heard.event;
      if (seen.has(id)) wrong.push(`${this.topic}: ${id} came twice`);
      seen.add(id);
      if (position === undefined) continue;
      if (epoch !== undefined && position.epoch !== epoch) wrong.push(`${this.topic}: a new epoch without a gap`);
      else if (position.offset !== offset + 1)
        wrong.push(`${this.topic}: ${position.offset} after ${offset} without a gap`);
      ({ epoch, offset } = position);
    }
    return wrong;
  }
}

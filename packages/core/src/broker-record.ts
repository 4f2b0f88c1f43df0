import type { ChannelAddress, Publication } from "@roomcast/protocol";
import type { Keep, Published } from "./broker.ts";

/** A piece of what a memory broker holds, as JSON: what one process hands to the next. */
export type BrokerRecord =
  | {
      readonly kind: "log";
      readonly address: ChannelAddress;
      readonly epoch: string;
      /** The offset of its last publication. */
      readonly top: number;
      readonly keep: Keep;
      /** Milliseconds since 1970. */
      readonly touchedAt: number;
      /** What it keeps, oldest first; the last one has the offset `top`. */
      readonly publications: readonly Publication[];
    }
  | {
      readonly kind: "key";
      readonly once: { readonly channel: string; readonly key: string; readonly sender: string };
      readonly digest: string;
      readonly published: Published;
      /** Milliseconds since 1970. */
      readonly at: number;
    };

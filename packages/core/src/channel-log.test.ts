import type { Publication } from "@roomcast/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ChannelLog } from "./channel-log.ts";

const keep = { size: 100, seconds: 300 };
const publication = (n: number): Publication => ({
  type: "publication",
  address: { tenantId: "t", name: "c" },
  id: `${n}`,
  event: "e",
  data: n,
  source: "server",
  timestamp: n,
});

const step = fc.oneof({ arbitrary: fc.constant("append"), weight: 3 }, { arbitrary: fc.constant("shift"), weight: 2 });

describe("ChannelLog", () => {
  it("reads like a list of everything, of which only the newest is left", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), fc.nat(40), fc.nat(100), (steps, limit, first) => {
        const log = new ChannelLog("e", keep, 0, first);
        const all: number[] = [];
        let gone = 0;
        for (const one of steps) {
          if (one === "append") {
            all.push(first + all.length + 1);
            const entry = log.append(publication(first + all.length), 10);
            expect(entry.offset).toBe(first + all.length);
          } else if (gone < all.length) {
            expect(log.shift().offset).toBe(first + ++gone);
          }
        }
        const left = all.slice(gone);
        const top = first + all.length;
        expect([log.size, log.bytes, log.position]).toEqual([
          left.length,
          left.length * 10,
          { epoch: "e", offset: top },
        ]);
        expect(log.oldest?.offset).toBe(left[0]);
        const newest = log.read({ limit });
        expect(newest.events.map(({ data }) => data)).toEqual(limit === 0 ? [] : left.slice(-limit));
        for (const offset of [0, first, top - left.length - 1, top - left.length, top - 1, top, top + 1]) {
          if (offset < 0) continue;
          const page = log.read({ limit, since: { epoch: "e", offset } });
          const complete = offset <= top && offset >= top - left.length;
          expect([offset, page.complete]).toEqual([offset, complete]);
          expect(page.events.map(({ data }) => data)).toEqual(left.filter((n) => n > offset).slice(0, limit));
          expect(log.read({ limit, since: { epoch: "other", offset } }).complete).toBe(false);
        }
      }),
      { numRuns: 300 },
    );
  });
});

import type { ChannelAddress } from "@roomcast/protocol";
import { isEventName } from "@roomcast/protocol";
import type { Draft, Signal } from "@roomcast/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { announce, announceSignal, bodyOf, readAnnouncement, readLine } from "./announcement.ts";

const ADDRESS: ChannelAddress = { tenantId: "acme", name: "chat:1" };

/** JSON as it comes out of a parser, names such as `__proto__` too; text of any kind, separators and half characters. */
const text = fc.string({ unit: "binary" });
const json = fc
  .oneof(
    fc.jsonValue({ stringUnit: "binary" }),
    fc.constantFrom("\n", "a\nb\r\n\u2028", "\ud800", '{"__proto__":{"a":1},"":[null]}'),
  )
  .map((value): unknown =>
    JSON.parse(typeof value === "string" && value.startsWith("{") ? value : JSON.stringify(value)),
  );
const userId = fc.option(text, { nil: null });
const sender = fc.oneof(fc.record({ userId }), fc.record({ userId, socketId: text }));
const timestamp = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const event = fc.string({ unit: "binary", minLength: 1, maxLength: 128 }).filter((name) => isEventName(name));
const draft: fc.Arbitrary<Draft> = fc.record(
  {
    event,
    data: json,
    source: fc.constantFrom("socket", "rest", "server", "resource", "direct"),
    sender,
    form: text,
    timestamp,
  },
  { requiredKeys: ["event", "data", "source", "timestamp"] },
);
const id = fc.stringMatching(/^[A-Za-z0-9_.:~-]{1,64}$/);

const members = fc.array(
  fc.record(
    { socketId: text, userId, joinedAt: timestamp, info: fc.dictionary(text, json), state: json },
    { requiredKeys: ["socketId", "userId", "joinedAt"] },
  ),
  { maxLength: 3 },
);
const signal: fc.Arbitrary<Signal> = fc.oneof(
  fc.record({
    type: fc.constant("presence" as const),
    address: fc.constant(ADDRESS),
    joined: members,
    left: members,
    updated: members,
  }) as fc.Arbitrary<Signal>,
  fc.record({
    type: fc.constant("direct" as const),
    tenantId: text,
    socketIds: fc.array(text),
    message: fc.record(
      { id, event, data: json, sender, timestamp },
      { requiredKeys: ["id", "event", "data", "timestamp"] },
    ),
  }),
  fc.record({ type: fc.constant("end" as const), tenantId: text, socketId: text }),
  fc.record({ type: fc.constant("watch" as const), nodeId: text, tenants: fc.array(text, { maxLength: 3 }) }),
  fc.record({ type: fc.constant("revoke" as const), tenantId: text, userId: text, at: timestamp }),
  fc.record({
    type: fc.constant("ask" as const),
    id: text,
    from: text,
    question: fc.record({ kind: fc.constant("incidents" as const), tenantId: text, userId: text }),
  }),
  fc.record({ type: fc.constant("answer" as const), id: text, from: text, value: json }),
  fc.record({
    type: fc.constant("answer" as const),
    id: text,
    from: text,
    error: fc.record({ code: fc.constant("NOT_FOUND" as const), message: text, retryable: fc.boolean() }),
  }),
);

/** As text, since order and names such as `__proto__` count. */
function written(value: unknown): string {
  return JSON.stringify(value, (_, entry: unknown) =>
    typeof entry === "object" && entry !== null && !Array.isArray(entry)
      ? Object.entries(entry).sort(([a], [b]) => (a < b ? -1 : 1))
      : entry,
  );
}

describe("Announcements", () => {
  it("of publications read back as what was announced, with consecutive positions", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(id, draft), { minLength: 1, maxLength: 5 }),
        fc.option(fc.tuple(id, fc.integer({ min: 1, max: 2 ** 40 })), { nil: undefined }),
        (said, from) => {
          const lines = said.map(([own, what]) => `${own} ${bodyOf(what)}`);
          const plain = announce(lines);
          const message = from === undefined ? plain : `p${from[0]} ${from[1]}${plain.slice(1)}`;
          const read = readAnnouncement(ADDRESS, message);
          const publications = said.map(([own, what], at) => {
            const position = from === undefined ? undefined : { epoch: from[0], offset: from[1] + at };
            return { type: "publication", address: ADDRESS, id: own, ...what, ...(position && { position }) };
          });
          expect(written(read)).toBe(written({ kind: "publications", epoch: from?.[0], publications }));
        },
      ),
    );
  });

  it("of signals read back as what was announced", () => {
    fc.assert(
      fc.property(signal, (what) => {
        const read = readAnnouncement(ADDRESS, announceSignal(what));
        expect(written(read)).toBe(written({ kind: "signal", signal: what }));
      }),
    );
  });

  it("are refused where they are of any other kind, and nothing is thrown", () => {
    const line = `id ${bodyOf({ event: "e", data: 1, source: "rest", timestamp: 1 })}`;
    for (const garbage of [
      "",
      "p",
      "p\n",
      "p\n\n",
      `p\n${line}\n`,
      `q\n${line}`,
      `pepoch\n${line}`,
      `pepoch 0\n${line}`,
      `pepoch 1.5\n${line}`,
      `pepoch 1e3\n${line}`,
      `pepoch -1\n${line}`,
      `pepoch 1 2\n${line}`,
      `p\n${line.replace('"rest"', '"nobody"')}`,
      `p\n${line.replace('"e":"e"', '"e":"disconnect"')}`,
      `p\n${line.replace('"e":"e"', '"e":""')}`,
      `p\n${line.replace('"t":1', '"t":"1"')}`,
      `p\n${line.replace('"d":1,', "")}`,
      `p\n${line.replace("id ", " ")}`,
      "s\n",
      "s\nnull",
      "s\n[]",
      's\n{"type":"__proto__"}',
      's\n{"type":"toString"}',
      's\n{"type":"end","tenantId":"acme"}',
      's\n{"type":"revoke","tenantId":"acme","userId":"ann","at":null}',
      's\n{"type":"watch","nodeId":"one"}',
      's\n{"type":"watch","nodeId":1,"tenants":[]}',
      's\n{"type":"watch","nodeId":"one","tenants":["acme",1]}',
      's\n{"type":"presence","joined":[],"left":[],"updated":[]}',
      's\n{"type":"presence","address":{"tenantId":"other","name":"chat:1"},"joined":[],"left":[],"updated":[]}',
      's\n{"type":"presence","address":{"tenantId":"acme","name":"chat:1"},"joined":[1],"left":[],"updated":[]}',
      's\n{"type":"direct","tenantId":"acme","socketIds":"s1","message":{}}',
      's\n{"type":"ask","id":"1","from":"one"}',
      's\n{"type":"ask","id":"1","from":"one","question":[]}',
      's\n{"type":"ask","id":1,"from":"one","question":{"kind":"incidents"}}',
      's\n{"type":"answer","id":"1","from":"one"}',
      's\n{"type":"answer","id":"1","value":1}',
      's\n{"type":"answer","id":"1","from":"one","error":"no"}',
      's\n{"type":"answer","id":"1","from":"one","error":{"code":1,"message":"no"}}',
    ])
      expect(readAnnouncement(ADDRESS, garbage), garbage).toBeUndefined();
    for (const garbage of ["", " ", "id", "id ", "id null", "id []", "id {", `${"[".repeat(1e6)}`])
      expect(readLine(ADDRESS, garbage, undefined), garbage.slice(0, 10)).toBeUndefined();
  });

  it("never throw, whatever stands in them", () => {
    const head = fc.oneof(fc.constantFrom("p", "s", "pepoch 1", ""), text);
    const body = fc.oneof(
      text,
      json.map((value) => JSON.stringify(value)),
      json.map((value) => `id ${JSON.stringify(value)}`),
      fc.dictionary(fc.constantFrom("e", "d", "s", "u", "f", "t"), json).map((value) => `id ${JSON.stringify(value)}`),
      fc
        .tuple(
          fc.constantFrom("presence", "direct", "end", "revoke", "valueOf"),
          fc.dictionary(
            fc.constantFrom("address", "joined", "left", "updated", "tenantId", "socketIds", "message", "at", "userId"),
            json,
          ),
        )
        .map(([type, fields]) => JSON.stringify({ type, ...fields })),
    );
    fc.assert(
      fc.property(head, fc.array(body, { maxLength: 3 }), (first, rest) => {
        const read = readAnnouncement(ADDRESS, [first, ...rest].join("\n"));
        expect([undefined, "publications", "signal"]).toContain(read?.kind);
      }),
      { numRuns: 1000 },
    );
  });

  it("are refused where anything of them is missing", () => {
    fc.assert(
      fc.property(draft, fc.nat(), (what, at) => {
        const whole = `p\nid ${bodyOf(what)}`;
        expect(readAnnouncement(ADDRESS, whole.slice(0, at % whole.length))).toBeUndefined();
      }),
    );
  });
});

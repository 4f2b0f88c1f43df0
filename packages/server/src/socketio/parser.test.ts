import fc from "fast-check";
import { Encoder, PacketType, type Packet } from "socket.io-parser";
import { describe, expect, test } from "vitest";
import { createParser, measureOf, type Measure } from "./parser.ts";

const LIMIT = 100;

interface Heard {
  readonly data: unknown[];
  readonly id: number | undefined;
  readonly nsp: string;
  readonly measure: Measure | undefined;
}

function decoder(options: { namespaces?: string[]; connectPackets?: number; commandBytes?: number } = {}) {
  const { Decoder } = createParser({ namespaces: ["/", "/v1"], commandBytes: LIMIT, connectPackets: 4, ...options });
  const instance = new Decoder();
  const heard: Heard[] = [];
  instance.on("decoded", ({ data, id, nsp }: Packet) =>
    heard.push({
      data: Array.isArray(data) ? [...data] : data,
      id,
      nsp,
      measure: Array.isArray(data) ? measureOf(data) : undefined,
    }),
  );
  return { add: (data: unknown) => instance.add(data), heard, destroy: () => instance.destroy() };
}

const long = "x".repeat(LIMIT);

describe("a command's size", () => {
  test.each([
    ['2["publish",{"a":1}]', { bytes: 19, acknowledgement: undefined }, ["publish", { a: 1 }]],
    ['212["publish"]', { bytes: 11, acknowledgement: 12 }, ["publish"]],
    ['2/v1,7["publish","é"]', { bytes: 16, acknowledgement: 7 }, ["publish", "é"]],
  ])("%s is measured by its JSON", (text, measure, data) => {
    const { add, heard } = decoder();
    add(text);
    expect(heard[0]?.data).toEqual(data);
    expect(heard[0]?.id).toBeUndefined();
    expect(heard[0]?.measure).toEqual({ tooLarge: false, ...measure });
  });

  test("is allowed up to the limit, and no byte more", () => {
    const { add, heard } = decoder();
    const fitting = JSON.stringify(["e", "x".repeat(LIMIT - 8)]);
    expect(fitting).toHaveLength(LIMIT);
    add(`2${fitting}`);
    add(`2${JSON.stringify(["e", "x".repeat(LIMIT - 7)])}`);
    expect(heard.map(({ measure }) => measure?.tooLarge)).toEqual([false, true]);
    expect(heard[1]).toMatchObject({ data: ["e"], measure: { bytes: LIMIT + 1 } });
  });

  test("counts bytes, not characters", () => {
    const { add, heard } = decoder();
    add(`2${JSON.stringify(["e", "é".repeat(LIMIT / 2)])}`);
    expect(heard[0]?.measure?.tooLarge).toBe(true);
  });
});

describe("a command that is too large", () => {
  test.each([
    ["without an acknowledgement", `2["publish","${long}"]`, { data: ["publish"], nsp: "/" }, undefined],
    ["with one", `242["publish","${long}"]`, { data: ["publish"], nsp: "/" }, 42],
    ["in a namespace", `2/v1,42["publish","${long}"]`, { data: ["publish"], nsp: "/v1" }, 42],
    ["with an escaped name", `2["\\u0061\\"b","${long}"]`, { data: ['a"b'], nsp: "/" }, undefined],
    ["with a number for a name", `2[17,"${long}"]`, { data: [""], nsp: "/" }, undefined],
    ["with a name that is too long", `2["${long.repeat(20)}"]`, { data: [""], nsp: "/" }, undefined],
    ["with a name that is not JSON", `2["\n","${long}"]`, { data: [""], nsp: "/" }, undefined],
  ])("%s arrives as its name", (_, text, expected, acknowledgement) => {
    const { add, heard } = decoder();
    add(text);
    expect(heard).toHaveLength(1);
    expect(heard[0]).toMatchObject({ ...expected, measure: { tooLarge: true, acknowledgement } });
  });

  test("is not parsed", () => {
    const { add, heard } = decoder();
    add(`2["publish",${"[".repeat(50_000)}`);
    expect(heard[0]?.measure?.tooLarge).toBe(true);
  });

  test("is followed by others", () => {
    const { add, heard } = decoder();
    add(`2["publish","${long}"]`);
    add('2["state"]');
    expect(heard.map(({ data, measure }) => [data[0], measure?.tooLarge])).toEqual([
      ["publish", true],
      ["state", false],
    ]);
  });

  test("passes in a namespace of an application's own, with its acknowledgement id", () => {
    const { add, heard } = decoder({ namespaces: ["/v1"] });
    add(`25["mine","${long}"]`);
    expect(heard[0]).toEqual({ data: ["mine", long], id: 5, nsp: "/", measure: undefined });
  });
});

describe("attachments", () => {
  const packets = (...args: unknown[]): unknown[] =>
    new Encoder().encode({ type: PacketType.EVENT, nsp: "/", data: ["e", ...args], id: 3 });

  test("arrive in their places, and are counted", () => {
    const { add, heard } = decoder({ commandBytes: 200 });
    for (const packet of packets(Buffer.alloc(10), { deep: Buffer.alloc(20) })) add(packet);
    expect(heard[0]?.data).toEqual(["e", Buffer.alloc(10), { deep: Buffer.alloc(20) }]);
    expect(heard[0]?.measure).toMatchObject({ tooLarge: false, acknowledgement: 3 });
    expect(heard[0]?.measure?.bytes).toBeGreaterThan(30);
  });

  test("are thrown away once they are too large, and what follows is read", () => {
    const { add, heard } = decoder();
    for (const packet of packets(Buffer.alloc(10), Buffer.alloc(LIMIT), Buffer.alloc(10))) add(packet);
    add('2["state"]');
    expect(heard.map(({ data }) => data)).toEqual([["e"], ["state"]]);
    expect(heard[0]?.measure).toMatchObject({ tooLarge: true, acknowledgement: 3 });
  });

  test("of a command whose JSON is too large are thrown away", () => {
    const { add, heard } = decoder();
    for (const packet of packets(long, Buffer.alloc(1))) add(packet);
    expect(heard).toHaveLength(1);
    expect(heard[0]).toMatchObject({ data: ["e"], measure: { tooLarge: true, acknowledgement: 3 } });
  });

  test.each(["511-[]", "50-[]", "5-[]", "51[]", "5x-[]", `5999999-["e","${long}"]`])("%s is malformed", (text) => {
    expect(() => decoder().add(text)).toThrow();
  });

  test("must come before the next text, and only when due", () => {
    const { add } = decoder();
    expect(() => add(Buffer.alloc(1))).toThrow();
    add('51-["e",{"_placeholder":true,"num":0}]');
    expect(() => add('2["e"]')).toThrow();
  });
});

describe("what is malformed throws, for Socket.IO to end the link", () => {
  test.each([
    "9",
    "2",
    "2{}",
    '2"e"',
    "2[",
    "2[{}]",
    "2[null]",
    '2["connect"]',
    '2["disconnecting"]',
    `2{"a":"${long}"}`,
    `2${long}`,
    '299999999999999999["e"]',
    `2${"9".repeat(400)}["e"]`,
  ])("%s", (text) => {
    const { add, heard } = decoder();
    expect(() => add(text)).toThrow();
    expect(heard).toEqual([]);
  });

  test("more CONNECT packets than a link may send", () => {
    const { add, heard } = decoder();
    for (const text of ['0{"token":"x"}', "0", "", " "]) add(text);
    for (const text of ["0", "", "0/v1,"]) expect(() => add(text)).toThrow("CONNECT");
    expect(heard).toHaveLength(4);
  });
});

test("whatever comes, it throws or tells, and its measure is right", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 200 }),
    fc
      .tuple(
        fc.constantFrom("0", "1", "2", "3", "4", "51-", "52-", "61-"),
        fc.constantFrom("", "/v1,", "/x,", "/v1?a,", "/"),
        fc.constantFrom("", "0", "17", " 3"),
        fc.oneof(
          fc.json(),
          fc.json().map((json) => `["e",${json}]`),
        ),
      )
      .map((parts) => parts.join("")),
    fc.uint8Array({ maxLength: 150 }).map((bytes) => Buffer.from(bytes)),
  );
  fc.assert(
    fc.property(fc.array(text, { maxLength: 6 }), (inputs) => {
      const { add, heard, destroy } = decoder({ connectPackets: 2 });
      for (const input of inputs) {
        const before = heard.length;
        try {
          add(input);
        } catch {
          break;
        }
        expect(heard.length - before).toBeLessThanOrEqual(1);
        const last = heard.at(-1);
        if (heard.length === before || last?.measure === undefined) continue;
        expect(last.measure.tooLarge).toBe(last.measure.bytes > LIMIT);
        if (last.measure.tooLarge) expect(last.data).toHaveLength(1);
      }
      destroy();
    }),
    { numRuns: 500 },
  );
});

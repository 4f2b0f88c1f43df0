import { roomcastService } from "@roomcast/server/moleculer";
import { ServiceBroker } from "moleculer";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { unique } from "../../conformance/native/suite.ts";
import { LanguageClient, LANGUAGES, type Heard, type Language } from "./clients.ts";
import { KINDS, NOTHING, READER, type Kind, type Row, type World } from "./kinds.ts";
import { Nodes } from "./nodes.ts";

describe.each([1, 2])("one publication, four languages, on %i node(s)", (count) => {
  const clients: LanguageClient[] = [];
  let nodes: Nodes;
  let broker: ServiceBroker;

  beforeAll(async () => {
    nodes = await Nodes.start(count);
    broker = new ServiceBroker({ logger: false });
    broker.createService(roomcastService({ gateway: nodes.first.gateway }));
    await broker.start();
  });

  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
  });

  afterAll(async () => {
    await broker.stop();
    await nodes.close();
  });

  async function connect(
    language: Language,
    node: { readonly url: string },
    userId: string,
    tenantId: string,
  ): Promise<LanguageClient> {
    const client = await LanguageClient.connect(language, node.url, nodes, { userId, tenantId });
    clients.push(client);
    return client;
  }

  /** A reader of each language, all of one user and on the last node; those that can follow the channel. */
  async function readersOf(
    tenantId: string,
    channel: string,
    { followers = LANGUAGES, refused = [] }: Pick<Kind, "followers" | "refused"> = {},
  ) {
    const readers: Partial<Record<Language, LanguageClient>> = {};
    for (const language of LANGUAGES) {
      const reader = await connect(language, nodes.last, READER, tenantId);
      expect(await reader.follow("fence")).toBeUndefined();
      if (language === "steedos") {
        expect(await reader.ask("subscribe", { roomParts: "notification-change", individual: true })).toEqual({
          ok: true,
        });
      }
      const token = nodes.roomToken({ room: channel, userId: READER, tenantId });
      if (followers.includes(language))
        expect([language, await reader.follow(channel, token)]).toEqual([language, undefined]);
      if (refused.includes(language))
        expect([language, await reader.follow(channel, token)]).toEqual([language, "FORBIDDEN"]);
      readers[language] = reader;
    }
    return readers as Record<Language, LanguageClient>;
  }

  /** All that the readers heard since `marks`, to the fence and without it. */
  async function heardBy(
    readers: Readonly<Record<Language, LanguageClient>>,
    marks: Readonly<Record<Language, number>>,
    tenantId: string,
    expected: Row,
  ): Promise<Row> {
    for (const language of LANGUAGES) {
      const reader = readers[language];
      const end = marks[language] + expected[language].length;
      await reader.until(() => reader.heard.length >= end, `${expected[language].length} events`);
    }
    const fence = unique("fence-");
    await nodes.first.gateway.publish({ tenantId, name: "fence" }, fence);
    const heard: Partial<Record<Language, readonly Heard[]>> = {};
    for (const language of LANGUAGES) {
      const reader = readers[language];
      const isFence = (frame: Heard): boolean => JSON.stringify(frame).includes(fence);
      await reader.until(() => reader.heard.some(isFence), "the fence");
      heard[language] = reader.heard.slice(marks[language], reader.heard.findIndex(isFence));
    }
    return heard as Row;
  }

  function marksOf(readers: Readonly<Record<Language, LanguageClient>>): Record<Language, number> {
    return Object.fromEntries(LANGUAGES.map((language) => [language, readers[language].heard.length])) as Record<
      Language,
      number
    >;
  }

  it.each(KINDS)("$name", async (kind) => {
    const [tenantId, otherTenant] = [unique("t-"), unique("t-")];
    const channel = kind.channel?.() ?? "chat:1";
    const readers = await readersOf(tenantId, channel, kind);
    const strangers = await readersOf(otherTenant, channel, kind);
    const world: World = {
      nodes,
      broker,
      tenantId,
      channel,
      readers,
      client: (language, userId = "sue") => connect(language, nodes.first, userId, tenantId),
    };
    const marks = { readers: marksOf(readers), strangers: marksOf(strangers) };
    const row = kind.row(world, await kind.act(world));
    expect(await heardBy(readers, marks.readers, tenantId, row)).toEqual(row);
    const elsewhere = kind.elsewhere ?? NOTHING;
    expect(await heardBy(strangers, marks.strangers, otherTenant, elsewhere)).toEqual(elsewhere);
  });

  it("presence: members come and go", async () => {
    const tenantId = unique("t-");
    const [channel, strangerTenant] = ["chat:1", unique("t-")];
    const readers = await readersOf(tenantId, channel);
    const strangers = await readersOf(strangerTenant, channel);
    const { native } = readers;
    expect(await native.ask("join", { channel })).toMatchObject({ ok: true, total: 3 });
    // Of those who follow it, all who joined it; a subscription alone is none.
    const { body } = await nodes.call(`/api/socket/channels/${channel}/members`, tenantId);
    const sessions = [native, readers.twake, readers.plazer].map(({ socket }) => socket.id as string);
    expect(new Set((body as { socketId: string }[]).map(({ socketId }) => socketId))).toEqual(new Set(sessions));
    // Whoever came before is told of in the same push as the one who came last, or before.
    const last = await connect("native", nodes.last, "eve", tenantId);
    expect(await last.ask("join", { channel })).toMatchObject({ ok: true, total: 4 });
    await native.until(() => JSON.stringify(native.heard).includes(`"eve"`), "who came last");
    const marks = { readers: marksOf(readers), strangers: marksOf(strangers) };

    const sue = await connect("native", nodes.first, "sue", tenantId);
    expect(await sue.ask("join", { channel, state: { mood: "curious" } })).toMatchObject({ ok: true, total: 5 });
    const member = { socketId: sue.socket.id, userId: "sue", joinedAt: expect.any(Number), state: { mood: "curious" } };
    await native.until(() => native.heard.length > marks.readers.native, "the arrival");
    sue.close();
    const row: Row = {
      ...NOTHING,
      native: [
        ["presence", { channel, joined: [member], left: [], updated: [] }],
        ["presence", { channel, joined: [], left: [member], updated: [] }],
      ],
    };
    expect(await heardBy(readers, marks.readers, tenantId, row)).toEqual(row);
    expect(await heardBy(strangers, marks.strangers, strangerTenant, NOTHING)).toEqual(NOTHING);
  });

  it("a notification reaches all of a user's sessions, whatever they speak, and is counted", async () => {
    const tenantId = unique("t-");
    await readersOf(tenantId, `notifications:${READER}`, { followers: ["native", "twake"] });
    const { delivered } = await nodes.first.gateway.notify(tenantId, [READER], "A task");
    expect(delivered).toBe(4);
  });
});

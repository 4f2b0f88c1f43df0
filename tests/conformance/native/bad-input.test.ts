import { describe, expect, it } from "vitest";
import { expectRefusal, type Client } from "./client.ts";
import { RawLink } from "./raw.ts";
import { unique, useTarget } from "./suite.ts";
import { RETRYABLE } from "./wire.ts";

const suite = useTarget("main");

const RESERVED = ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];
const COMMANDS = [
  "subscribe",
  "unsubscribe",
  "join",
  "leave",
  "publish",
  "direct",
  "members",
  "state",
  "history",
  "refresh",
];

/** Of channel names, which `{}`, `*`, white space, control and format characters, and lone surrogates may not be in. */
const BAD_NAMES: readonly unknown[] = [
  "",
  " ",
  "a b",
  "a\tb",
  "a\nb",
  "a\rb",
  "a\u0000b",
  "a\u0007b",
  "a\u001Bb",
  "a\u007Fb",
  "a\u0085b",
  "a\u00A0b",
  "a\u00ADb",
  "a\u061Cb",
  "a\u1680b",
  "a\u180Eb",
  "a\u2003b",
  "a\u200Bb",
  "a\u200Cb",
  "a\u200Db",
  "a\u200Eb",
  "a\u202Eb",
  "a\u2028b",
  "a\u2029b",
  "a\u202Fb",
  "a\u205Fb",
  "a\u2060b",
  "a\u2066b",
  "a\u3000b",
  "\uFEFFa",
  "a\uFFF9b",
  "a\u{E0001}b",
  "a*b",
  "a**",
  "{a",
  "a}",
  "{userId}",
  "x".repeat(256),
  "é".repeat(128),
  7,
  true,
  null,
  [],
  ["a"],
  {},
  { toString: "a" },
];

async function loggedIn(userId = unique("u-")): Promise<RawLink> {
  const link = await RawLink.open(suite.url);
  link.send(`40{"token":"${suite.token(userId)}"}`);
  await link.until(() => link.received.includes(`42["session"`));
  return link;
}

describe("bad input", () => {
  it("1,000 CONNECT packets on one link: the link ends, others are served on", async () => {
    const link = await RawLink.open(suite.url);
    link.send(...Array.from({ length: 1000 }, () => `40{"token":"${suite.token("ann")}"}`));
    await link.until(() => link.closed);
    expect(link.received.split(`42["session"`).length - 1).toBeLessThanOrEqual(1);
    const refused = await RawLink.open(suite.url);
    refused.send(...Array.from({ length: 1000 }, () => `40{"token":"nonsense"}`));
    await refused.until(() => refused.closed);
    await suite.expectServing();
  });

  it("CONNECT packets for 1,000 namespaces", async () => {
    const link = await RawLink.open(suite.url);
    link.send(...Array.from({ length: 1000 }, (_, n) => `40/n${n},{"token":"x"}`));
    await link.until(() => link.closed);
    await suite.expectServing();
  });

  it("10,000 commands in one burst: each that has an answer has a right one, and others are served meanwhile", async () => {
    const client = await suite.user();
    let answered = 0;
    let limited = 0;
    const done = new Promise<void>((resolve) => {
      for (let n = 0; n < 10_000; n++) {
        client.socket.emit("subscribe", { topic: "a" }, (answer: { ok: boolean; error?: { code: string } }) => {
          answered++;
          if (!answer.ok && ["RATE_LIMITED", "LIMIT_REACHED"].includes(answer.error?.code ?? "")) limited++;
          if (answered === 10_000) resolve();
        });
      }
      client.socket.once("disconnect", () => resolve());
    });
    await suite.expectServing();
    await done;
    expect(limited).toBeGreaterThan(0);
    expect(answered === 10_000 || client.reason !== undefined).toBe(true);
    await suite.expectServing();
  });

  it("10,000 commands in one burst, without acknowledgements, by a client that reads nothing", async () => {
    const link = await loggedIn();
    link.socket.pause();
    link.send(...Array.from({ length: 10_000 }, (_, n) => `42["history",{"channel":"${n}"}]`));
    await suite.expectServing();
    link.destroy();
  });

  it("half-open connections, at every stage", async () => {
    const tenantId = unique("t-");
    for (let n = 0; n < 10; n++) {
      const upgraded = await RawLink.open(suite.url);
      upgraded.socket.pause();
      if (n % 2 === 0) upgraded.destroy();
      const open = await RawLink.open(suite.url);
      open.send(`40{"token":"${suite.token("ann", { tenantId })}"}`);
      await open.until(() => open.received.includes(`42["session"`));
      open.send(`420["join",{"channel":"c"}]`);
      await open.until(() => open.received.includes("430["));
      // No goodbye: the connection is simply gone.
      open.socket.resetAndDestroy();
    }
    await expect
      .poll(async () => (await suite.call("/api/socket/connections", { tenantId })).body)
      .toEqual({ count: 0 });
    await expect.poll(async () => (await suite.call("/api/socket/channels/c/members", { tenantId })).body).toEqual([]);
    await suite.expectServing();
  });

  it("polling clients that never poll again", async () => {
    const base = `${suite.target.urls[0]}/socket.io/?EIO=4&transport=polling`;
    for (let n = 0; n < 20; n++) {
      const { sid } = JSON.parse((await (await fetch(base)).text()).slice(1)) as { sid: string };
      await fetch(`${base}&sid=${sid}`, {
        method: "POST",
        headers: { "Content-Type": "text/plain" },
        body: `40{"token":"${suite.token("ann")}"}`,
      });
    }
    const topic = unique("topic:");
    await suite.broadcast(topic, 1);
    await suite.expectServing();
  });

  describe("frames", () => {
    it.each([
      ["an event that is no array", `42{"a":1}`],
      ["an event that is empty", "42[]"],
      ["an event without a name", "42[null]"],
      ["broken JSON", `42["subscribe",`],
      ["an unknown packet", "49"],
      ["an unknown Engine.IO packet", "9"],
      ["an empty frame", ""],
      ["binary data that never comes", `451-["publish",{"_placeholder":true,"num":0}]`],
      ["a placeholder beyond the data", `451-["publish",{"_placeholder":true,"num":99}]`],
      ["a thousand attachments announced", `451000-["publish",{}]`],
      ["an acknowledgement that nobody asked for", `437["x"]`],
      ["an acknowledgement id beyond all numbers", `42${"9".repeat(400)}["leave",{"channel":"a"}]`],
      ["a DISCONNECT with data", `41{"a":1}`],
      ["a CONNECT again", `40{"token":"x"}`],
      ["an event for another namespace", `42/elsewhere,["subscribe",{}]`],
      ["an event for this namespace by a query", `42/?x=1,["subscribe",{"topic":"a"}]`],
      ["a reserved event", `42["disconnect"]`],
      ["the event connect", `42["connect"]`],
      ["the event __proto__", `42["__proto__",{}]`],
      ["`__proto__` of a payload", `42["subscribe",{"__proto__":{"topic":"a"}}]`],
      ["100,000 brackets", `42["publish",${"[".repeat(100_000)}]`],
      ["a depth of 5,000", `42["publish",{"channel":"a","event":"e","data":${"[".repeat(5_000)}${"]".repeat(5_000)}}]`],
      ["a depth of 30,000 of objects", `42["publish",${'{"a":'.repeat(9_000)}1${"}".repeat(9_000)}]`],
      ["a number as the event", "42[1e999,{}]"],
      ["a lone surrogate", `42["subscribe",{"topic":"\\ud800"}]`],
    ])("%s ends the link at most", async (_, text) => {
      const link = await loggedIn();
      link.send(text);
      if (!link.closed) link.send(`4277["leave",{"channel":"after"}]`);
      await link.until(() => link.closed || link.received.includes("4377["));
      await suite.expectServing();
      link.destroy();
    });

    it("a command before the CONNECT was answered", async () => {
      const link = await RawLink.open(suite.url);
      link.send(`420["subscribe",{"topic":"a"}]`);
      link.send(`40{"token":"${suite.token("ann")}"}`);
      await link.until(() => link.closed || link.received.includes(`42["session"`));
      await suite.expectServing();
      link.destroy();
    });

    it("a CONNECT whose auth is of every wrong type", async () => {
      for (const auth of [
        "null",
        "7",
        '"text"',
        "[]",
        "[null]",
        "{",
        '{"token":{"__proto__":null}}',
        '{"__proto__":{"token":"x"}}',
      ]) {
        const link = await RawLink.open(suite.url);
        link.send(`40${auth}`);
        await link.until(() => link.closed || /44\{|40\{/.test(link.received));
        link.destroy();
      }
      await suite.expectServing();
    });

    it("addresses that are none", async () => {
      for (const path of [
        "//",
        "//socket.io/",
        "/socket.io/?EIO=4&transport=%00",
        "/socket.io/?EIO=99&transport=websocket",
        "/socket.io/?EIO=3&transport=websocket",
        "/socket.io/?sid=__proto__&EIO=4&transport=websocket",
        "/socket.io/%",
        "http://[",
        "*",
        "/socket.io/?transport=constructor",
      ]) {
        const link = await RawLink.open(suite.url, path);
        // Some are only found out when they are WebSockets already; those end at once.
        if (link.status === 101) await link.until(() => link.closed);
        link.destroy();
      }
      await suite.expectServing();
    });
  });

  describe("commands", () => {
    const payloads: readonly (readonly [name: string, payload: unknown])[] = [
      ["null", null],
      ["an array", []],
      ["an array of the right thing", [{ topic: "a", channel: "a" }]],
      ["a number", 7],
      ["a text", "text"],
      ["true", true],
      ["an empty object", {}],
      ["something nested 1,000 deep", nest(1000)],
      ["a text of 900,000 characters", "x".repeat(900_000)],
    ];

    it.for(COMMANDS)("%s with everything that it cannot be answers with an error of the table", async (command) => {
      const client = await suite.user();
      for (const [name, payload] of payloads) {
        const answer = (await client.ask(command, payload)) as {
          ok: boolean;
          error: { code: string; retryable: boolean };
        };
        expect(answer.ok, name).toBe(false);
        expect(["INVALID_PAYLOAD", "TOO_LARGE", "UNAUTHENTICATED"], name).toContain(answer.error.code);
        expect(answer.error.retryable).toBe(RETRYABLE.has(answer.error.code));
      }
      expectRefusal(await client.ask(command), "INVALID_PAYLOAD");
      expect(client.reason).toBeUndefined();
      await client.ok("leave", { channel: "a" });
    });

    it("that are neither acknowledged nor right are told by `error`, and nobody is disconnected", async () => {
      const client = await suite.user();
      for (const command of COMMANDS) client.socket.emit(command, null);
      // Answered in their order, so that this is the last.
      await client.ok("leave", { channel: "a" });
      expect(client.pushes("error").map(({ command }) => command)).toEqual(COMMANDS);
      expect(client.reason).toBeUndefined();
    });

    it.for(COMMANDS)("%s takes no binary attachment", async (command) => {
      const client = await suite.user();
      expectRefusal(await client.ask(command, Buffer.from("binary")), "INVALID_PAYLOAD");
      const right = {
        topic: "a",
        channel: "a",
        subscriptionId: "a",
        event: "e",
        to: { userId: "a" },
        state: 1,
        token: "a",
      };
      for (const key of ["data", "state", "filter", "since", "extra"]) {
        expectRefusal(
          await client.ask(command, { ...right, [key]: { deep: [Buffer.from("binary")] } }),
          "INVALID_PAYLOAD",
        );
      }
      await client.ok("leave", { channel: "a" });
    });

    it("with more than one object are refused or understood, and never run twice", async () => {
      const client = await suite.user();
      const topic = unique("topic:");
      await client.ok("subscribe", { topic });
      await client.ask("publish", { channel: topic, event: "one" }, { channel: topic, event: "two" });
      await suite.fence(client);
      expect(client.events(topic).length).toBeLessThanOrEqual(1);
    });

    it("with prototype keys touch no prototype", async () => {
      const client = await suite.user();
      for (const text of [
        `{"__proto__":{"topic":"a","channel":"a"}}`,
        `{"constructor":{"prototype":{"channel":"a"}}}`,
        `{"toString":"a","valueOf":"b","hasOwnProperty":1}`,
      ]) {
        for (const command of COMMANDS) {
          const answer = (await client.ask(command, JSON.parse(text))) as { ok: boolean };
          expect(answer.ok).toBe(false);
        }
      }
      const channel = unique("c:");
      for (const key of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
        const state = JSON.parse(`{"${key}":{"polluted":true}}`) as object;
        await client.ok("join", { channel, state });
        const { members } = await client.ok("members", { channel });
        expect(JSON.stringify(members[0]?.state)).toBe(JSON.stringify(state));
        await client.ok("join", { channel: key });
        await client.ok("subscribe", { topic: key, subscriptionId: key });
        await client.ok("unsubscribe", { subscriptionId: key });
      }
      await suite.expectServing();
    });

    it("with prototype keys in the data carry them as they are", async () => {
      const client = await suite.user();
      const topic = unique("topic:");
      await client.ok("subscribe", { topic });
      const data: unknown = JSON.parse(`{"__proto__":{"a":1},"constructor":1,"toString":{"b":2}}`);
      await client.ok("publish", { channel: topic, event: "e", data });
      expect(JSON.stringify((await client.eventsOf(topic, 1))[0]?.payload)).toBe(JSON.stringify(data));
    });
  });

  describe("channel names", () => {
    it.for(BAD_NAMES)("%j is none, for any command", async (name) => {
      const client = await suite.user();
      for (const [command, payload] of commandsOn(name)) await client.refused(command, payload, "INVALID_PAYLOAD");
    });

    it("lone surrogates are none", async () => {
      const link = await loggedIn();
      link.send(
        `421["subscribe",{"topic":"a\\ud800b"}]`,
        `422["join",{"channel":"\\udc00"}]`,
        `423["publish",{"channel":"\\ud83d","event":"e"}]`,
      );
      await link.until(() => link.received.includes("433["));
      expect(link.received.split(`"INVALID_PAYLOAD"`).length - 1).toBe(3);
      link.destroy();
    });

    it.each(["@direct", "@", "$", "$SYS", "@x:y"])("%s is the gateway's own, for everybody", async (name) => {
      const [client, admin] = [await suite.user(), await suite.user(undefined, { claims: { permissions: ["admin"] } })];
      for (const who of [client, admin])
        for (const [command, payload] of commandsOn(name)) await who.refused(command, payload, "FORBIDDEN");
    });

    it.each([
      "chat:room1",
      "notifications",
      "/companies/1/workspaces",
      "session.status",
      "a",
      "x".repeat(255),
      "é".repeat(127),
      "名前",
      "😀",
      "a@b",
      "a$b",
      "-",
      "__proto__",
      "%20",
      "a/../b",
      "'\";--",
      "<script>",
      "a,b|c\\d",
    ])("%j is one", async (name) => {
      const client = await suite.user();
      await client.ok("subscribe", { topic: name });
      await client.ok("join", { channel: name });
      await client.ok("publish", { channel: name, event: "e", data: name });
      await client.until(() => client.payloads(name).includes(name), "the event");
    });

    it("are compared byte for byte", async () => {
      const client = await suite.user();
      const base = unique("topic:");
      await client.ok("subscribe", { topic: `${base}é`.normalize("NFC") });
      for (const other of [`${base}é`.normalize("NFD"), `${base}É`, base]) await suite.broadcast(other, "other");
      await suite.fence(client);
      expect(client.pushes("event").filter(({ payload }) => payload === "other")).toEqual([]);
    });

    it("that name another tenant reach nothing of it", async () => {
      const other = unique("t-");
      const [ours, theirs] = [await suite.user("ann"), await suite.user("ann", { tenantId: other })];
      await theirs.ok("join", { channel: "c" });
      for (const name of [`${other}/c`, `${other}:c`, `/${other}/c`, `../${other}/c`, `${other}`]) {
        await ours.ok("join", { channel: name });
        await ours.ok("publish", { channel: name, event: "e" });
        expect(await ours.ok("members", { channel: name })).toMatchObject({ total: 1 });
      }
      await ours.refused("subscribe", { topic: `org:${other}` }, "FORBIDDEN");
      await suite.fence(theirs);
      expect(theirs.events("c")).toEqual([]);
    });
  });

  describe("event names", () => {
    const publishing = async (): Promise<{ client: Client; topic: string }> => {
      const client = await suite.user();
      const topic = unique("topic:");
      await client.ok("subscribe", { topic });
      return { client, topic };
    };

    it.each(RESERVED)("%s is reserved, by every way to publish", async (event) => {
      const { client, topic } = await publishing();
      await client.refused("publish", { channel: topic, event }, "INVALID_PAYLOAD");
      await client.refused("direct", { to: { userId: "a" }, event }, "INVALID_PAYLOAD");
      const service = await suite.service();
      await service.refused("publish", { channel: topic, event }, "INVALID_PAYLOAD");
      for (const [path, body] of [
        ["broadcast", { channel: topic, event }],
        ["direct", { socketId: client.session.socketId, event }],
      ] as const) {
        expect(await suite.call(`/api/socket/${path}`, { body })).toMatchObject({
          status: 400,
          body: { error: "INVALID_PAYLOAD" },
        });
      }
      await suite.fence(client);
      expect(client.events(topic)).toEqual([]);
      expect(client.reason).toBeUndefined();
    });

    it.for(["", "e".repeat(129), 7, null, [], ["e"], {}, true])("%j is none", async (event) => {
      const { client, topic } = await publishing();
      await client.refused("publish", { channel: topic, event }, "INVALID_PAYLOAD");
      await client.refused("direct", { to: { userId: "a" }, event }, "INVALID_PAYLOAD");
    });

    it.each([
      "e",
      "e".repeat(128),
      "error",
      "ping",
      "session",
      "event",
      "closing",
      "a b",
      "__proto__",
      "constructor",
      "toString",
      "Connect",
      " ",
      "😀",
    ])("%j is one", async (event) => {
      const { client, topic } = await publishing();
      await client.ok("publish", { channel: topic, event });
      expect((await client.eventsOf(topic, 1))[0]?.event).toBe(event);
      expect(client.reason).toBeUndefined();
    });
  });
});

function commandsOn(name: unknown): readonly (readonly [command: string, payload: object])[] {
  return [
    ["subscribe", { topic: name }],
    ["join", { channel: name }],
    ["leave", { channel: name }],
    ["publish", { channel: name, event: "e" }],
    ["members", { channel: name }],
    ["state", { channel: name, state: 1 }],
    ["history", { channel: name }],
  ];
}

function nest(depth: number): unknown {
  let value: unknown = 1;
  for (let n = 0; n < depth; n++) value = { channel: "a", topic: "a", data: value };
  return value;
}

import { describe, expect, it } from "vitest";
import { expectRefusal, type Client } from "../native/client.ts";
import { RawLink } from "../native/raw.ts";
import { unique, useTarget } from "../native/suite.ts";
import { received, receivedOnce } from "../plazer/plazer.ts";
import { cookies, fence, heard, notify, steedos, steedosUser, subscribe } from "./steedos.ts";

const suite = useTarget("steedos");

/** A visitor stays, is told that it may subscribe, gets answers, and subscribes to nothing. */
async function expectVisitor(client: Client): Promise<void> {
  for (const room of [unique("p"), unique("open:")]) {
    expectRefusal(await subscribe(client, room), "FORBIDDEN");
    expectRefusal(await subscribe(client, room, true), "FORBIDDEN");
  }
  expect(await client.ask("ping")).toEqual({ ok: true });
  expect(client.socket.connected).toBe(true);
}

async function expectUser(client: Client, userId: string): Promise<void> {
  expect(await subscribe(client, "notification-change", true)).toEqual({ ok: true });
  const message = unique("for you ");
  await notify(suite, [userId], message);
  expect(await receivedOnce(client, "s:notification-change", 1)).toEqual([{ message }]);
}

describe("1. valid cookies", () => {
  it.each(["websocket", "polling"] as const)("give `connection-init` without arguments, once, over %s", async (way) => {
    const client = await steedosUser(suite, "ann", { transports: [way] });
    expect(await subscribe(client, "p")).toEqual({ ok: true });
    await fence(suite, client);
    expect(client.heard.filter(({ event }) => event === "connection-init")).toEqual([
      { event: "connection-init", args: [] },
    ]);
    await expectUser(client, "ann");
  });

  it.each(["of", "mongo", "plain", "all"])(
    "name a user whose id and space the application calls as %s does",
    async (kind) => {
      const user = unique("u-");
      const client = await steedos(suite, { headers: cookies(suite.tenantId, `${kind}-${user}`) });
      await expectUser(client, user);
    },
  );

  it.each([
    ["with others around them", (t: string) => `a=b; X-Space-Id=${t};c; X-Auth-Token=of-bea; d=e=f`],
    ["without spaces", (t: string) => `X-Auth-Token=of-bea;X-Space-Id=${t}`],
    ["in quotes", (t: string) => `X-Space-Id="${t}"; X-Auth-Token="of-bea"`],
    [
      "percent-encoded",
      (t: string) => `X-Space-Id=%${t.charCodeAt(0).toString(16)}${t.slice(1)}; X-Auth-Token=of%2Dbea`,
    ],
    [
      "twice: the first of two wins",
      (t: string) => `X-Space-Id=${t}; X-Space-Id=other; X-Auth-Token=of-bea; X-Auth-Token=x`,
    ],
  ])("may be written %s", async (_how, cookie) => {
    const client = await steedos(suite, { headers: { cookie: cookie(suite.tenantId) } });
    await expectUser(client, "bea");
  });

  it("are those of the native dialect's clients too, who do not need them", async () => {
    const client = await suite.user("ann", { headers: cookies(suite.tenantId, "of-bob") });
    expect(client.session).toMatchObject({ userId: "ann" });
    expect(received(client, "connection-init")).toEqual([]);
    const refusal = await suite.refusal({ token: "bad", headers: cookies(suite.tenantId, "of-bob") });
    expect(refusal.data).toMatchObject({ code: "UNAUTHENTICATED" });
  });
});

describe("2. the same credentials elsewhere", () => {
  const { tenantId } = suite;
  const both = { "X-Space-Id": tenantId, "X-Auth-Token": "of-ann" };
  it.each<[where: string, options: Parameters<typeof steedos>[1]]>([
    ["in headers of their own", { headers: both }],
    ["in the query", { query: both }],
    ["in auth", { auth: both }],
    ["as a cookie in auth", { auth: { cookie: cookies(tenantId, "of-ann").cookie } }],
    ["in headers of other letters", { headers: { cookie: `x-space-id=${tenantId}; x-auth-token=of-ann` } }],
    [
      "with the token in auth alone",
      { auth: { "X-Auth-Token": "of-ann" }, headers: { cookie: `X-Space-Id=${tenantId}` } },
    ],
  ])("%s: anonymous", async (_where, options) => {
    await expectVisitor(await steedos(suite, options));
  });
});

describe("3. no valid cookies", () => {
  it("connected, anonymous, `connection-init`", async () => {
    for (const transport of ["websocket", "polling"] as const) {
      await expectVisitor(await steedos(suite, { transports: [transport] }));
    }
  });

  const { tenantId } = suite;
  it.each<[what: string, cookie: string]>([
    ["one of two", `X-Space-Id=${tenantId}`],
    ["the other", "X-Auth-Token=of-ann"],
    ["empty ones", "X-Space-Id=; X-Auth-Token="],
    ["broken percent-encoding", `X-Space-Id=${tenantId}; X-Auth-Token=of-ann%`],
    ["broken UTF-8", `X-Space-Id=${tenantId}; X-Auth-Token=of-%E4%BD`],
    ["a broken one before a good one of its name", `X-Space-Id=%; X-Space-Id=${tenantId}; X-Auth-Token=of-ann`],
    ["a comma in the space", `X-Space-Id=${tenantId}%2Cof-ann; X-Auth-Token=x`],
    ["a space that is no tenant", "X-Space-Id=%24; X-Auth-Token=of-ann"],
    ["control characters in the space", `X-Space-Id=${tenantId}%00; X-Auth-Token=of-ann`],
    ["8 KB of a token", `X-Space-Id=${tenantId}; X-Auth-Token=of-${"x".repeat(8192)}`],
    ["8 KB of a space", `X-Space-Id=${"t".repeat(8192)}; X-Auth-Token=of-ann`],
    ["nonsense", ";;=;==;%%%;X-Space-Id;X-Auth-Token"],
  ])("%s", async (_what, cookie) => {
    await expectVisitor(await steedos(suite, { headers: { cookie } }));
    await suite.expectServing();
  });
});

describe("4. what is sent before `connection-init`", () => {
  it("holds: a subscription that was waiting to be sent", async () => {
    const room = unique("early-");
    const answers: unknown[] = [];
    const client = await suite.open({
      headers: cookies(suite.tenantId, "of-ann"),
      early: [
        { event: "subscribe", payload: { roomParts: room }, answer: (answer) => answers.push(answer) },
        { event: "subscribe", payload: { roomParts: `${room}2` }, answer: (answer) => answers.push(answer) },
      ],
    });
    await fence(suite, client);
    expect(answers).toEqual([{ ok: true }, { ok: true }]);
    await suite.broadcast(room, 1);
    expect(await receivedOnce(client, "message", 1)).toEqual([1]);
  });

  it("holds: one that leaves with the CONNECT's answer, and in order", async () => {
    const link = await RawLink.open(
      suite.url,
      "/socket.io/?EIO=4&transport=websocket",
      cookies(suite.tenantId, "of-ann"),
    );
    link.send("40");
    await link.until(() => link.received.includes("\n40"));
    link.send('421["subscribe",{"roomParts":"a"}]', '422["ping"]', '423["unsubscribe",{"roomParts":"a"}]');
    await link.until(() => link.received.includes("433"));
    const lines = link.received.split("\n").filter((line) => /^4[23]/.test(line));
    expect(lines[0]).toBe('42["connection-init"]');
    const answers = lines.filter((line) => line.startsWith("43"));
    expect(answers).toEqual(['431[{"ok":true}]', '432[{"ok":true}]', '433[{"ok":true}]']);
    link.destroy();
  });
});

// Most of them wait, for the application or for it to be asked again: they do so together.
describe.concurrent("12. an application that", () => {
  it.each(["nobody", "nothing", "text", "elsewhere", "two", "nowhere", "nameless", "number", "spaced", "unheard"])(
    "says %s of the token: anonymous",
    async (kind) => {
      await expectVisitor(await steedos(suite, { headers: cookies(suite.tenantId, `${kind}-ann`) }));
    },
  );

  it.each(["throws", "rejects", "hangs"])("%s: anonymous, and others are served meanwhile", async (kind) => {
    const slow = steedos(suite, { headers: cookies(suite.tenantId, `${kind}-ann`) });
    const user = unique("u-");
    await expectUser(await steedosUser(suite, user), user);
    await expectVisitor(await slow);
  });

  it("hangs for many: others are served", async () => {
    const slow = Array.from({ length: 20 }, () => steedos(suite, { headers: cookies(suite.tenantId, "hangs-ann") }));
    await expectUser(await steedosUser(suite, "carol"), "carol");
    for (const client of await Promise.all(slow)) expect(client.socket.connected).toBe(true);
  });

  it.each(["leaves", "changes", "moves"])(
    "%s the user later: the connection ends, and is not to come back",
    async (kind) => {
      const client = await steedos(suite, { headers: cookies(suite.tenantId, `${kind}-${unique("u")}`) });
      expect(await subscribe(client, "p")).toEqual({ ok: true });
      expect(await client.ended()).toBe("io server disconnect");
    },
  );

  it("fails later for a moment: the connection stays", async () => {
    const user = unique("u");
    const client = await steedos(suite, { headers: cookies(suite.tenantId, `flickers-${user}`) });
    // By the time that these two have ended, one after the other, it was asked for again twice.
    for (let i = 0; i < 2; i++) {
      const other = await steedos(suite, { headers: cookies(suite.tenantId, `leaves-${unique("u")}`) });
      await other.ended();
    }
    await expectUser(client, user);
  });

  it("is told of by nobody: no log has a token of a cookie", async () => {
    const [[url], [program]] = [suite.target.urls, suite.target.programs];
    await steedos(suite, { url, headers: cookies(suite.tenantId, "throws-very-secret") });
    if (program === undefined) return;
    await program.written(/the user store is broken/);
    expect(`${program.stdout}${program.stderr}`).not.toContain("very-secret");
  });
});

describe("ping", () => {
  it.each([[new Date().toISOString()], [undefined], [{ a: 1 }], [null]])(
    "with %j gets the server's time",
    async (date) => {
      const client = await steedosUser(suite, "ann");
      const before = Date.now();
      client.socket.emit("ping", date);
      const [time, ...others] = (await receivedOnce(client, "pong", 1)) as [string];
      expect(others).toEqual([]);
      expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      expect(Math.abs(Date.parse(time) - before)).toBeLessThan(60_000);
    },
  );
});

describe("what this dialect has no word for", () => {
  it("is refused where an answer is asked for, and passed over where none is", async () => {
    const client = await steedosUser(suite, "ann");
    for (const event of ["publish", "join", "message", "refresh", "connection-init", "s:metadata:change", "pong", ""]) {
      expectRefusal(await client.ask(event, { channel: "p", room: "p", event: "e", token: "x" }), "UNKNOWN_COMMAND");
      client.socket.emit(event, { channel: "p" });
    }
    await fence(suite, client);
    expect(heard(client)).toEqual([]);
  });
});

import { describe, expect, it } from "vitest";
import { Client, Refused } from "../native/client.ts";
import { unique, useTarget } from "../native/suite.ts";
import { received, receivedOnce } from "../plazer/plazer.ts";
import { cookies, http, notify, steedos, subscribe } from "./steedos.ts";

const suite = useTarget("steedos");
const POLLING = "/socket.io/?EIO=4&transport=polling";
const UPGRADE = {
  connection: "Upgrade",
  upgrade: "websocket",
  "sec-websocket-version": "13",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
};
const OWN = cookies(suite.tenantId, "of-ann");

/** What a browser sends with a request of a page that is another's. */
const FOREIGN: readonly [what: string, headers: Readonly<Record<string, string>>][] = [
  ["another origin", { origin: "https://evil.example" }],
  ["another port of the own host", { origin: "http://127.0.0.1:1" }],
  ["an origin that begins like the own", { origin: "http://127.0.0.1.evil.example" }],
  ["no origin of its own", { origin: "null" }],
  ["what is no origin", { origin: "evil" }],
  ["another site, without an origin", { "sec-fetch-site": "cross-site" }],
  ["the same site, without an origin", { "sec-fetch-site": "same-site" }],
  ["the address line", { "sec-fetch-site": "none" }],
];

async function refusal(
  headers: Readonly<Record<string, string>>,
  transport: "polling" | "websocket",
): Promise<Refused> {
  try {
    const client = await Client.open(suite.url, { headers, transports: [transport] });
    client.close();
  } catch (thrown) {
    if (thrown instanceof Refused) return thrown;
    throw thrown;
  }
  throw new Error("The handshake was accepted");
}

describe("14. a handshake with these cookies", () => {
  describe.each(["polling", "websocket"] as const)("over %s", (transport) => {
    it.each(FOREIGN)("from %s is refused", async (_what, headers) => {
      const error = await refusal({ ...OWN, ...headers }, transport);
      expect(error.data).toMatchObject({ code: "FORBIDDEN", retryable: false });
    });

    it.each<[what: string, headers: () => Readonly<Record<string, string>>]>([
      ["the own origin", () => ({ origin: suite.target.urls[0] })],
      ["a listed origin", () => ({ origin: "https://friend.example", "sec-fetch-site": "cross-site" })],
      ["the own origin, without naming it", () => ({ "sec-fetch-site": "same-origin" })],
      ["a program", () => ({})],
    ])("from %s is accepted", async (_what, headers) => {
      const client = await steedos(suite, {
        url: suite.target.urls[0],
        transports: [transport],
        headers: { ...OWN, ...headers() },
      });
      expect(await subscribe(client, "notification-change", true)).toEqual({ ok: true });
      await notify(suite, ["ann"], transport);
      expect(await receivedOnce(client, "s:notification-change", 1)).toEqual([{ message: transport }]);
    });

    it("of which one is there is refused too, from another origin", async () => {
      for (const cookie of [`X-Space-Id=${suite.tenantId}`, "X-Auth-Token=of-ann"]) {
        const error = await refusal({ cookie, origin: "https://evil.example" }, transport);
        expect(error.data).toMatchObject({ code: "FORBIDDEN" });
      }
    });

    it("is nobody's without them: a page of another origin gets what visitors get", async () => {
      const headers = { cookie: "theme=dark", origin: "https://evil.example" };
      const client = await steedos(suite, { headers, transports: [transport] });
      expect(await subscribe(client, "p")).toMatchObject({ ok: false });
    });

    it("of another dialect is let in, from anywhere", async () => {
      for (const [, headers] of FOREIGN) {
        const client = await suite.user("bob", { headers: { ...OWN, ...headers }, transports: [transport] });
        expect(client.session).toMatchObject({ userId: "bob" });
        await client.ok("subscribe", { topic: unique("p-") });
        expect(received(client, "connection-init")).toEqual([]);
      }
    });
  });
});

describe("14. later requests of a connection that these cookies logged in", () => {
  /** Opens a link over polling; its address. */
  async function open(headers: Readonly<Record<string, string>>): Promise<string> {
    const base = suite.target.urls[0];
    const { status, body } = await http(base + POLLING, { headers });
    expect(status).toBe(200);
    const { sid } = JSON.parse(body.slice(1)) as { sid: string };
    return `${base}${POLLING}&sid=${sid}`;
  }

  async function post(link: string, body: string, headers: Readonly<Record<string, string>>): Promise<number> {
    const { status } = await http(link, {
      method: "POST",
      body,
      headers: { "content-type": "text/plain", ...headers },
    });
    return status;
  }

  /** What comes until it matches. */
  async function read(link: string, headers: Readonly<Record<string, string>>, pattern: RegExp): Promise<string> {
    let text = "";
    while (!pattern.test(text)) {
      const { status, body } = await http(link, { headers });
      if (status !== 200) throw new Error(`The link has gone; it said ${text}`);
      text += `${body}\n`;
    }
    return text;
  }

  it.each(FOREIGN)("are refused from %s, and the connection goes on", async (_what, headers) => {
    const link = await open(OWN);
    expect(await post(link, "40", OWN)).toBe(200);
    await read(link, OWN, /connection-init/);
    const strange = { ...OWN, ...headers };
    expect(await post(link, '42["subscribe",{"roomParts":"p"}]', strange)).toBe(403);
    expect((await http(link, { headers: strange })).status).toBe(403);
    const upgrade = link.replace("polling", "websocket");
    expect((await http(upgrade, { headers: { ...strange, ...UPGRADE } })).status).toBe(403);
    expect(await post(link, '421["ping"]', OWN)).toBe(200);
    expect(await read(link, OWN, /"pong"/)).not.toContain("subscribe");
    expect((await http(upgrade, { headers: { ...OWN, ...UPGRADE } })).status).toBe(101);
  });

  it("are refused with a body that says so", async () => {
    const link = await open(OWN);
    await post(link, "40", OWN);
    await read(link, OWN, /connection-init/);
    const { status, body } = await http(link, { headers: { ...OWN, origin: "null" } });
    expect({ status, body: JSON.parse(body) as unknown }).toEqual({
      status: 403,
      body: { error: "FORBIDDEN", message: expect.any(String) },
    });
  });

  it("count from the handshake on: a CONNECT from elsewhere is refused", async () => {
    const link = await open(OWN);
    expect(await post(link, "40", { ...OWN, origin: "https://evil.example" })).toBe(200);
    expect(await read(link, OWN, /^4/m)).toMatch(/^44\{.*"code":"FORBIDDEN"/m);
  });

  it("of another dialect's are let in, from anywhere", async () => {
    const link = await open({ ...OWN, origin: "https://evil.example" });
    const foreign = { ...OWN, origin: "https://evil.example" };
    expect(await post(link, `40${JSON.stringify({ token: suite.token("bob") })}`, foreign)).toBe(200);
    expect(await read(link, foreign, /"session"/)).toContain('"userId":"bob"');
    expect(await post(link, '421["subscribe",{"topic":"p"}]', { ...OWN, origin: "null" })).toBe(200);
    expect(await read(link, foreign, /^431/m)).toContain('"ok":true');
  });
});

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, describe, expect, it } from "vitest";
import { Client, expectRefusal, Refused } from "../native/client.ts";
import { unique, useTarget } from "../native/suite.ts";
import { receivedOnce } from "../plazer/plazer.ts";
import { cookies, fence, heard, notify, steedos, steedosUser, subscribe } from "./steedos.ts";

describe("where visitors may subscribe", () => {
  const suite = useTarget("steedosVisitors");

  it("they follow the shared rooms of their cookie's tenant, and no other's", async () => {
    const room = unique("p-");
    const visitor = await steedos(suite, { headers: { cookie: `X-Space-Id=${suite.tenantId}` } });
    const expired = await steedos(suite, { headers: cookies(suite.tenantId, "nobody-ann") });
    const elsewhere = await steedos(suite, { headers: { cookie: "X-Space-Id=another" } });
    for (const client of [visitor, expired, elsewhere]) expect(await subscribe(client, room)).toEqual({ ok: true });
    await suite.broadcast(room, 1);
    for (const client of [visitor, expired]) expect(await receivedOnce(client, "message", 1)).toEqual([1]);
    await fence(suite, elsewhere, "another");
    expect(heard(elsewhere)).toEqual([]);
  });

  it("they follow what every user there may follow, and nothing else", async () => {
    const visitor = await steedos(suite, { headers: { cookie: `X-Space-Id=${suite.tenantId}` } });
    for (const part of [unique("p-"), unique("open:"), "notification-change"]) {
      expect(await subscribe(visitor, part)).toEqual({ ok: true });
    }
    const { tenantId } = suite;
    for (const part of [
      `org:${tenantId}`,
      "user:ann",
      "notifications:ann",
      `floor:${tenantId}`,
      "inbox:ann",
      "signed:x",
      "ops:x",
      "closed:x",
      "ask:yes",
      "ask:no",
      "/companies/1",
      "@metadata",
      "$",
    ]) {
      expectRefusal(await subscribe(visitor, part), "FORBIDDEN");
    }
  });

  it("they have no rooms of their own", async () => {
    const visitor = await steedos(suite, { headers: { cookie: `X-Space-Id=${suite.tenantId}` } });
    for (const part of ["p", "notification-change", "null", "undefined"]) {
      expectRefusal(await subscribe(visitor, part, true), "FORBIDDEN");
    }
    const ann = await steedosUser(suite, "ann");
    expect(await subscribe(ann, "notification-change", true)).toEqual({ ok: true });
    await notify(suite, ["ann", "null", "undefined"], "for ann");
    expect(await receivedOnce(ann, "s:notification-change", 1)).toEqual([{ message: "for ann" }]);
    await fence(suite, visitor);
    expect(heard(visitor)).toEqual([]);
  });

  it.each([
    ["none", undefined],
    ["no tenant", "a%2Cb"],
    ["broken", "%"],
    ["too long", "t".repeat(129)],
    ["the gateway's own", "%24"],
  ])("a tenant that is %s is none: they subscribe to nothing", async (_what, tenant) => {
    const visitor = await steedos(suite, tenant === undefined ? {} : { headers: { cookie: `X-Space-Id=${tenant}` } });
    expectRefusal(await subscribe(visitor, "p"), "FORBIDDEN");
  });

  it("users are users all the same", async () => {
    const ann = await steedosUser(suite, "ann");
    expect(await subscribe(ann, [`org:${suite.tenantId}`, "inbox:ann", "ask:yes"])).toEqual({ ok: true });
  });
});

describe("where there are no visitors, and users are asked for at an address", () => {
  /** What the application was asked. */
  const asked: { readonly method: string | undefined; readonly path: string | undefined; readonly body: unknown }[] =
    [];
  let server: Server | undefined;

  const suite = useTarget("steedosHook", {
    env: async () => {
      server = createServer((request, response) => {
        let text = "";
        request.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        request.on("end", () => {
          const body = JSON.parse(text) as { token: string; tenantId: string };
          asked.push({ method: request.method, path: request.url, body });
          const [, kind = "", user] = /^[^,]*,([a-z0-9]+)-(.*)$/.exec(body.token) ?? [];
          if (kind === "of") response.end(JSON.stringify({ user, space: body.tenantId }));
          else if (kind === "elsewhere") response.end(JSON.stringify({ user, space: "elsewhere" }));
          else if (kind === "moved") response.writeHead(307, { location: "/moved" }).end();
          else if (kind === "nothing") response.end("null");
          else if (kind === "broken") response.end("{");
          else if (kind === "large") response.end(`"${"x".repeat(2_000_000)}"`);
          else if (kind === "gone") request.socket.destroy();
          else if (kind !== "hangs") response.writeHead(Number(kind)).end("{}");
        });
      });
      const asPort = Number(process.env["ROOMCAST_TARGET_HOOK_PORT"] ?? "0");
      await new Promise<void>((resolve) => server?.listen(asPort, "127.0.0.1", resolve));
      return { ROOMCAST_TARGET_HOOK_PORT: String((server.address() as AddressInfo).port) };
    },
  });
  afterAll(() => {
    server?.closeAllConnections();
    server?.close();
  });

  async function code(headers: Readonly<Record<string, string>>): Promise<unknown> {
    try {
      (await Client.open(suite.url, { headers })).close();
      return "accepted";
    } catch (thrown) {
      if (!(thrown instanceof Refused)) throw thrown;
      return (thrown.data as { code?: unknown }).code;
    }
  }

  it("users come in; who they are is asked once for many of their connections", async () => {
    asked.length = 0;
    const user = unique("u-");
    const clients = await Promise.all(Array.from({ length: 10 }, () => steedosUser(suite, user)));
    for (const client of clients) {
      expect(await subscribe(client, "notification-change", true)).toEqual({ ok: true });
    }
    await notify(suite, [user], 1);
    for (const client of clients) {
      expect(await receivedOnce(client, "s:notification-change", 1)).toEqual([{ message: 1 }]);
    }
    expect(asked.length).toBeLessThanOrEqual(suite.target.urls.length);
    expect(asked[0]).toEqual({
      method: "POST",
      path: "/user",
      body: { token: `${suite.tenantId},of-${user}`, tenantId: suite.tenantId },
    });
  });

  it.each(["401", "403", "404", "elsewhere", "nothing"])("whoever is answered %s is refused", async (kind) => {
    expect(await code(cookies(suite.tenantId, `${kind}-ann`))).toBe("UNAUTHENTICATED");
  });

  it.each(["500", "204", "moved", "broken", "large", "gone", "hangs"])(
    "whoever is answered %s is refused for now",
    async (kind) => {
      asked.length = 0;
      expect(await code(cookies(suite.tenantId, `${kind}-ann`))).toBe("UNAVAILABLE");
      expect(asked.map(({ path }) => path)).toEqual(["/user"]);
    },
  );

  it("that there is no such user is remembered for a while", async () => {
    asked.length = 0;
    const headers = cookies(suite.tenantId, `401-${unique("x")}`);
    for (let i = 0; i < 5; i++) expect(await code(headers)).toBe("UNAUTHENTICATED");
    expect(asked.length).toBeLessThanOrEqual(suite.target.urls.length);
  });

  it("whoever has no cookies, or bad ones, is refused without being asked for", async () => {
    asked.length = 0;
    for (const headers of [
      {},
      { cookie: "a=b" },
      { cookie: `X-Space-Id=${suite.tenantId}` },
      cookies("a%2Cb", "of-ann"),
    ]) {
      expect(await code(headers)).toBe("UNAUTHENTICATED");
    }
    expect(asked).toEqual([]);
  });
});

import { describe, expect, it } from "vitest";
import { unique, useTarget, type Response } from "./suite.ts";
import type { RealtimeEvent } from "./wire.ts";

const suite = useTarget("main");

interface SignedIn {
  readonly cookie: string;
  readonly session: { readonly csrf: string; readonly nodeId: string; readonly [name: string]: unknown };
}

const first = (): string => suite.target.urls[0];
const last = (): string => suite.target.urls.at(-1) ?? first();

async function signIn(body: object): Promise<SignedIn> {
  const answer = await suite.call<SignedIn["session"]>("/auth/session", { url: first(), token: null, body });
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return { session: answer.body, cookie: answer.headers.get("set-cookie")?.split(";", 1)[0] ?? "" };
}

/** A call of the page's, at a node. */
async function call<Body = unknown>(
  { cookie, session }: SignedIn,
  path: string,
  options: { readonly url: string; readonly method?: string; readonly body?: object; readonly tenantId?: string },
): Promise<Response<Body>> {
  const { tenantId, ...others } = options;
  const headers = {
    Cookie: cookie,
    "X-CSRF-Token": session.csrf,
    Origin: options.url,
    "Sec-Fetch-Site": "same-origin",
    ...(tenantId === undefined ? undefined : { "X-Tenant-Id": tenantId }),
  };
  return await suite.call<Body>(path, { ...others, token: null, headers });
}

describe("sessions of the admin page", () => {
  it("begin at one node, and hold at every one until they are ended at any", async () => {
    const token = suite.token("root", { permissions: ["admin"] });
    const signedIn = await signIn({ token });
    for (const url of suite.target.urls) {
      const read = await call<SignedIn["session"]>(signedIn, "/auth/session", { url });
      expect(read.status).toBe(200);
      expect({ ...read.body, nodeId: "" }).toEqual({ ...signedIn.session, nodeId: "" });
      expect((await call(signedIn, "/api/socket/connections", { url })).status).toBe(200);
    }
    expect((await call(signedIn, "/auth/session", { url: last(), method: "DELETE" })).status).toBe(204);
    for (const url of suite.target.urls) {
      expect((await call(signedIn, "/auth/session", { url })).status).toBe(401);
      expect((await call(signedIn, "/api/socket/connections", { url })).status).toBe(401);
    }
  });

  it("end everywhere when their user is revoked anywhere", async () => {
    const signedIn = await signIn({ token: suite.token("fired", { permissions: ["admin"] }) });
    const revoked = await suite.call("/api/socket/revoke", { url: first(), body: { userId: "fired" } });
    expect(revoked.status).toBe(200);
    for (const url of suite.target.urls)
      expect((await call(signedIn, "/api/socket/connections", { url })).status).toBe(401);
  });

  it("have tickets of any node open sockets at any other, and renew them", async () => {
    const tenantId = unique("t-");
    const signedIn = await signIn({ apiKey: suite.target.apiKey, tenantId });
    const ticket = async (): Promise<string> => {
      const path = "/auth/session/ticket";
      const { status, body } = await call<{ token: string }>(signedIn, path, { url: first(), body: {} });
      expect(status).toBe(200);
      return body.token;
    };
    const client = await suite.connect({ token: await ticket() });
    expect(client.session.tenantId).toBe(tenantId);
    await client.ok("refresh", { token: await ticket() });
    // Without following the channel, as the privileged may.
    await client.ok("publish", { channel: "a", event: "e" });
    const shown = await suite.call("/api/socket/connections", { url: first(), token: await ticket() });
    expect(shown.status).toBe(401);
  });

  it("write down at every node what is read at any", async () => {
    const tenantId = unique("t-");
    const token = suite.token("op", { permissions: ["operator"] });
    const signedIn = await signIn({ token });
    for (const [n, url] of suite.target.urls.entries())
      await call(signedIn, "/api/socket/revoke", { url, tenantId, body: { userId: `user-${n}` } });
    const targets = suite.target.urls.map((_, n) => `user-${n}`);
    for (const url of suite.target.urls) {
      const { body } = await call<{ events: RealtimeEvent[] }>(signedIn, "/api/socket/audit", { url, tenantId });
      expect(body.events.map(({ payload }) => payload)).toEqual(
        targets.map((target) => ({
          action: "revoke",
          target,
          by: { userId: "op", via: "session" },
          details: { disconnected: 0 },
        })),
      );
    }
  });

  it("are nothing to a client, and nothing to services", async () => {
    for (const permissions of [["client"], ["service"]]) {
      const token = suite.token("ann", { permissions });
      const answer = await suite.call("/auth/session", { url: first(), token: null, body: { token } });
      expect([answer.status, answer.headers.get("set-cookie")]).toEqual([403, null]);
      const audit = await suite.call("/api/socket/audit", { url: first(), token });
      expect(audit.status).toBe(403);
    }
  });
});

import { Parser } from "@asyncapi/parser";
import { defineChannels } from "@roomcast/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { next, TestNode } from "../../test/harness.ts";

const contract = defineChannels({
  "chat:{room}": { events: { message: z.object({ text: z.string() }) }, subscribe: "authenticated" },
});
let node: TestNode;
beforeAll(async () => {
  node = await TestNode.start({ gateway: { channels: contract } });
});
afterAll(() => node.close());

describe("/asyncapi.json", () => {
  it("is what the parser of AsyncAPI takes, with the address that was asked", async () => {
    for (const protocol of ["http", "https"]) {
      const { status, body } = await node.call("/asyncapi.json", { headers: { "X-Forwarded-Proto": protocol } });
      expect([status, body]).toMatchObject([
        200,
        {
          asyncapi: "3.0.0",
          servers: {
            gateway: {
              host: new URL(node.url).host,
              pathname: "/socket.io/",
              protocol: protocol === "https" ? "wss" : "ws",
            },
          },
          channels: { "chat-room": { address: "chat:{room}" } },
        },
      ]);
      const { diagnostics } = await new Parser().parse(JSON.stringify(body));
      expect(diagnostics.filter(({ severity }) => severity === 0)).toEqual([]);
    }
  });

  it("says nothing of rights", async () => {
    const { body } = await node.call("/asyncapi.json", { headers: {} });
    expect(JSON.stringify(body)).not.toContain("authenticated");
  });
});

describe("broadcast on a channel of a contract", () => {
  it("is checked, and tells where it is wrong", async () => {
    const socket = await node.connect(await node.token("alice"));
    const joined = (await socket.emitWithAck("join", { channel: "chat:1" })) as { ok: boolean };
    expect(joined.ok).toBe(true);
    const broadcast = (event: string, data: unknown) =>
      node.call("/api/socket/broadcast", { json: { channel: "chat:1", event, data } });
    expect(await broadcast("message", { text: 1 })).toMatchObject({
      status: 400,
      body: { error: "INVALID_PAYLOAD", details: { path: "payload.text" } },
    });
    expect(await broadcast("other", {})).toMatchObject({
      status: 400,
      body: { error: "INVALID_PAYLOAD", details: { path: "event", expected: "one of message" } },
    });
    const heard = next(socket, "event");
    expect(await broadcast("message", { text: "hi", more: 1 })).toMatchObject({ status: 200 });
    expect(await heard).toMatchObject({ event: "message", payload: { text: "hi" }, source: "rest" });
    expect(await socket.emitWithAck("publish", { channel: "chat:1", event: "message", data: 1 })).toMatchObject({
      ok: false,
      error: { code: "INVALID_PAYLOAD", details: { path: "payload" } },
    });
  });
});

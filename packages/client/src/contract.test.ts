import { defineChannels, type InferEvents } from "@roomcast/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { TestNode, token } from "../test/node.ts";
import { RealtimeClient, RealtimeError } from "./index.ts";

const contract = defineChannels({
  "chat:{room}": { events: { message: z.object({ text: z.string() }), set: z.string().transform(Number) } },
});

describe("a client and a server of one contract", () => {
  let node: TestNode;
  let client: RealtimeClient<InferEvents<typeof contract>>;
  beforeAll(async () => {
    node = await TestNode.start({ channels: contract });
    client = new RealtimeClient({ url: node.proxy.url, token: token() });
  });
  afterAll(async () => {
    client.disconnect();
    await node.close();
  });

  it("hear what either publishes, as the schema made it", async () => {
    const chat = client.channel("chat:1");
    const heard: unknown[] = [];
    chat.on("message", ({ text }) => heard.push(text));
    const last = new Promise<number>((resolve) => chat.on("set", resolve));
    await chat.join();
    await chat.publish("message", { text: "from the client" });
    const publisher = contract.publisher(node.gateway);
    await publisher.publish({ tenantId: "t", name: "chat:1" }, "message", { text: "from the server" });
    await chat.publish("set", "7");
    expect([await last, heard]).toEqual([7, ["from the client", "from the server"]]);
  });

  it("refuse what it has not, and say where", async () => {
    const chat = client.channel("chat:2");
    await chat.join();
    // @ts-expect-error a wrong payload
    const published = chat.publish("message", { text: 1 });
    const refused: unknown = await published.catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(RealtimeError);
    expect(refused).toMatchObject({
      code: "INVALID_PAYLOAD",
      retryable: false,
      details: { path: "payload.text", problem: expect.any(String) as unknown },
    });
  });
});

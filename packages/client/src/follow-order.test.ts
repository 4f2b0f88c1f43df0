import { MemoryBroker } from "@roomcast/core";
import { expect, it, vi } from "vitest";
import { TestNode } from "../test/node.ts";

class Gated extends MemoryBroker {
  gate: (() => Promise<void>) | undefined;
  calls = 0;
  override async history(...args: Parameters<MemoryBroker["history"]>): ReturnType<MemoryBroker["history"]> {
    if (args[2].since !== undefined && ++this.calls === 2) await this.gate?.();
    return super.history(...args);
  }
}
it("never lets the offsets of a channel go back, however its subscriptions overlap", async () => {
  const broker = new Gated();
  const node = await TestNode.start({ broker });
  const heard = node.client();
  heard.client.subscribe({ topic: "c", filter: { k: "a" } });
  heard.client.subscribe({ topic: "c", filter: { k: "b" } });
  await heard.ready();
  broker.gate = async () => {
    await node.publish("c", { k: "a", n: 1 });
    await node.publish("c", { k: "b", n: 2 });
  };
  node.proxy.cut();
  await vi.waitFor(() => expect(broker.calls).toBe(2));
  await node.publish("c", { k: "a", n: 3 });
  await vi.waitFor(() => expect(heard.payloads.at(-1)).toMatchObject({ n: 3 }));
  expect(heard.payloads.map((p) => (p as { n: number }).n)).toEqual([1, 2, 3]);
  await node.close();
});

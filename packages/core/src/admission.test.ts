import { describe, expect, it } from "vitest";
import { MemoryPresenceStore } from "./memory-presence.ts";
import type { MemberRecord } from "./presence.ts";
import { TestGateway } from "./testing/index.ts";
import type { ChannelAddress } from "@roomcast/protocol";

/** A store that takes its time to put, and to say that it has. */
class SlowStore extends MemoryPresenceStore {
  readonly #steps: (() => void)[] = [];

  override async put(address: ChannelAddress, member: MemberRecord): Promise<void> {
    await this.#step();
    await super.put(address, member);
    await this.#step();
  }

  /** Lets one step of what is put go on. */
  next(): void {
    this.#steps.shift()?.();
  }

  async #step(): Promise<void> {
    await new Promise<void>((resolve) => this.#steps.push(resolve));
  }
}

function setUp(connectionsPerUser: number) {
  const presence = new SlowStore();
  const node = new TestGateway({ presence, limits: { connectionsPerUser } });
  /** What came of an attempt to connect. */
  const outcomes: string[] = [];
  const attempt = async (): Promise<void> => {
    await node.connect().then(
      () => outcomes.push("in"),
      (error: unknown) => outcomes.push((error as { code: string }).code),
    );
  };
  return { presence, node, outcomes, attempt };
}

describe("the limit of a user's connections, where the store takes its time", () => {
  it("counts who has opened and is not in the store yet", async () => {
    const { presence, node, outcomes, attempt } = setUp(1);
    await attempt();
    void attempt();
    await node.settle();
    expect(outcomes).toEqual(["in"]);
    for (let step = 0; step < 2; step++) {
      presence.next();
      await node.settle();
    }
    expect(outcomes).toEqual(["in", "LIMIT_REACHED"]);
  });

  it("does not count twice who is in the store, and has not been said to be", async () => {
    const { presence, node, outcomes, attempt } = setUp(2);
    await attempt();
    presence.next();
    await node.settle();
    void attempt();
    await node.settle();
    expect(outcomes).toEqual(["in"]);
    presence.next();
    await node.settle();
    expect(outcomes).toEqual(["in", "in"]);
  });

  it("gives the place back where the store fails", async () => {
    const { presence, node, outcomes, attempt } = setUp(1);
    presence.put = async () => await Promise.reject(new Error("full"));
    await attempt();
    await node.settle();
    await attempt();
    expect(outcomes).toEqual(["in", "in"]);
  });
});

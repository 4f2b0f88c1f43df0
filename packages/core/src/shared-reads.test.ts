import { describe, expect, it } from "vitest";
import { MemoryPresenceStore } from "./memory-presence.ts";
import { SharedReads } from "./shared-reads.ts";
import { TestGateway, turn } from "./testing/index.ts";

/** Reads that a test lets end, and how many have begun. */
class Reads {
  begun = 0;
  readonly #ends: ((end: () => number) => void)[] = [];

  async read(): Promise<number> {
    const number = ++this.begun;
    const end = await new Promise<() => number>((resolve) => this.#ends.push(resolve));
    end();
    return number;
  }

  /** Ends the oldest that is under way. */
  end(result: () => number = () => 0): void {
    this.#ends.shift()?.(result);
  }
}

function setUp() {
  const reads = new Reads();
  const shared = new SharedReads<number>();
  const ask = async (key = "a"): Promise<number> => await shared.read(key, async () => await reads.read());
  return { reads, ask };
}

describe("reads that many ask for at once", () => {
  it("are one for all that asked while another was under way, and none that had begun before", async () => {
    const { reads, ask } = setUp();
    const first = ask();
    const crowd = Array.from({ length: 70 }, async () => await ask());
    await turn();
    expect(reads.begun).toBe(1);
    reads.end();
    await turn();
    expect(reads.begun).toBe(2);
    const later = ask();
    reads.end();
    await turn();
    reads.end();
    expect([await first, ...new Set(await Promise.all(crowd)), await later]).toEqual([1, 2, 3]);
    const alone = ask();
    reads.end();
    expect(await alone).toBe(4);
  });

  it("are apart where the keys are, and go on after one that failed", async () => {
    const { reads, ask } = setUp();
    const [failing, next, other] = [ask(), ask(), ask("b")];
    expect(reads.begun).toBe(2);
    reads.end(() => {
      throw new Error("away");
    });
    await expect(failing).rejects.toThrow("away");
    for (let n = 0; n < 2; n++) {
      reads.end();
      await turn();
    }
    expect([await other, await next]).toEqual([2, 3]);
  });
});

it("pages of members of two channels are apart, whatever a cursor says", async () => {
  const presence = new MemoryPresenceStore();
  const asked: unknown[] = [];
  presence.members = async (address, { cursor }) => {
    asked.push([address.userId, cursor]);
    await turn();
    return { entries: [], total: asked.length };
  };
  const test = new TestGateway({ presence });
  asked.length = 0;
  const own = { tenantId: "default", name: "room", userId: "alice" };
  const shared = { tenantId: "default", name: "room" };
  const pages = [own, own, shared].map(
    async (address) => await test.gateway.members(address, address === shared ? { cursor: "alice " } : {}),
  );
  await Promise.all(pages);
  expect(asked).toContainEqual([undefined, "alice "]);
});

describe("a crowd that joins a channel at once", () => {
  it("has its members read a few times, and finds each of itself among them", async () => {
    const presence = new MemoryPresenceStore();
    const members = presence.members.bind(presence);
    let reads = 0;
    presence.members = async (address, query) => {
      if (address.name === "a") reads++;
      await turn();
      return await members(address, query);
    };
    const test = new TestGateway({ presence, limits: { connectionsPerUser: 0 } });
    const crowd = await Promise.all(Array.from({ length: 70 }, async () => await test.connect()));
    const answers = await Promise.all(crowd.map(async (one) => await one.request("join", { channel: "a" })));
    for (const [n, answer] of answers.entries()) {
      const found = (answer["members"] as { socketId: string }[]).some(({ socketId }) => socketId === crowd[n]?.id);
      expect([answer["ok"], found]).toEqual([true, true]);
    }
    expect(reads).toBeLessThan(5);
  });
});

import { steedosDialect } from "@roomcast/protocol";
import { TestGateway } from "@roomcast/core/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readRoom } from "./room.ts";

const steedos = steedosDialect();

interface Follower {
  readonly tenantId: string;
  readonly userId: string;
  readonly shared?: readonly string[];
  readonly own?: readonly string[];
}

async function withFollowers(followers: readonly Follower[]) {
  const test = new TestGateway();
  for (const { tenantId, userId, shared = [], own = [] } of followers) {
    const client = await test.connect({ tenantId, userId }, steedos);
    await client.request("subscribe", { roomParts: shared });
    await client.request("subscribe", { roomParts: own, individual: true });
  }
  return test.gateway;
}

describe("readRoom", () => {
  it("finds the tenant that is in use, wherever the hyphens stand", async () => {
    const gateway = await withFollowers([{ tenantId: "a-b", userId: "u" }]);
    expect(await readRoom(gateway, "a-b-c-d", "room")).toEqual({ address: { tenantId: "a-b", name: "c-d" } });
    expect(await readRoom(gateway, "a-b--", "room")).toEqual({ address: { tenantId: "a-b", name: "-" } });
  });

  it("means nobody where no tenant is in use", async () => {
    const gateway = await withFollowers([{ tenantId: "a", userId: "u" }]);
    for (const text of ["b-c", "a", "a-", "-a-b", "-", "", "aa-b", "A-b"]) {
      expect(await readRoom(gateway, text, "room")).toEqual({ address: undefined });
    }
  });

  it("says which tenants could be meant", async () => {
    const gateway = await withFollowers([
      { tenantId: "a", userId: "u" },
      { tenantId: "a-b", userId: "u" },
    ]);
    expect(await readRoom(gateway, "a-b-c", "room")).toEqual({ meanings: ["b-c of tenant a", "c of tenant a-b"] });
    expect(await readRoom(gateway, "a-b", "room")).toEqual({ address: { tenantId: "a", name: "b" } });
  });

  it("prefers an individual room that somebody follows; being online is not enough", async () => {
    const gateway = await withFollowers([
      { tenantId: "t", userId: "u-1", own: ["p-q"] },
      { tenantId: "t", userId: "u-2", shared: ["p-q-u-2"] },
      { tenantId: "other", userId: "u-2", own: ["p-q"] },
    ]);
    expect(await readRoom(gateway, "t-p-q-u-1", "room")).toEqual({
      address: { tenantId: "t", name: "p-q", userId: "u-1" },
    });
    expect(await readRoom(gateway, "t-p-q-u-2", "room")).toEqual({ address: { tenantId: "t", name: "p-q-u-2" } });
  });

  it("says which individual rooms could be meant", async () => {
    const gateway = await withFollowers([
      { tenantId: "t", userId: "b-c", own: ["a"] },
      { tenantId: "t", userId: "c", own: ["a-b"] },
    ]);
    expect(await readRoom(gateway, "t-a-b-c", "room")).toEqual({ meanings: ["a of user b-c", "a-b of user c"] });
  });

  it("refuses what can be no channel", async () => {
    const gateway = await withFollowers([{ tenantId: "t", userId: "u" }]);
    await expect(readRoom(gateway, "t-a b", "room")).rejects.toMatchObject({ code: "INVALID_PAYLOAD" });
    await expect(readRoom(gateway, "t-@sessions", "room")).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(readRoom(gateway, `t-${"x".repeat(256)}`, "room")).rejects.toMatchObject({ code: "INVALID_PAYLOAD" });
    await expect(readRoom(gateway, `t-${"-".repeat(100_000)}`, "room")).rejects.toMatchObject({
      code: "INVALID_PAYLOAD",
    });
  });

  it("gives an address only of a tenant in use, and only one whose text it is", async () => {
    const part = fc.stringMatching(/^[ab-]{1,4}$/);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ tenantId: part, userId: part, own: fc.array(part, { maxLength: 2 }) }), { maxLength: 4 }),
        fc.stringMatching(/^[ab-]{0,12}$/),
        async (followers, text) => {
          const { address } = await readRoom(await withFollowers(followers), text, "room");
          if (address === undefined) return;
          const { tenantId, name, userId } = address;
          expect([tenantId, name, ...(userId === undefined ? [] : [userId])].join("-")).toBe(text);
          const here = followers.filter((follower) => follower.tenantId === tenantId);
          expect(here).not.toEqual([]);
          const owned = here.some(({ own, userId: id }) => own.some((p) => `${tenantId}-${p}-${id}` === text));
          expect(userId !== undefined).toBe(owned);
        },
      ),
    );
  });
});

import { describe, expect, it, vi } from "vitest";
import type { AuditEntry } from "./audit.ts";
import { MemoryBroker } from "./memory-broker.ts";
import { settingsOf } from "./policy.ts";
import { ChannelRules } from "./rules.ts";
import { TestGateway } from "./testing/index.ts";

const by = { userId: "root", via: "session" } as const;
const DAY_MS = 24 * 60 * 60 * 1000;

describe("an audit", () => {
  it("is told to the observer, and kept as an event of its tenant", async () => {
    const audited = vi.fn();
    const test = new TestGateway({ observer: { audited } });
    const at = test.clock.now();
    await test.gateway.audit("acme", { action: "revoke", target: "alice", by, details: { disconnected: 2 } });
    await test.clock.advance(5);
    await test.gateway.audit("acme", { action: "signOut", by: { userId: null, via: "session" } });
    const records = [
      { action: "revoke", target: "alice", by, details: { disconnected: 2 } },
      { action: "signOut", target: null, by: { userId: null, via: "session" }, details: null },
    ];
    expect(audited.mock.calls).toEqual(records.map((record) => ["acme", record]));
    const log = await test.gateway.auditLog("acme");
    expect(log.events.map(({ event, data, timestamp }) => [event, data, timestamp - at])).toEqual([
      ["audit", records[0], 0],
      ["audit", records[1], 5],
    ]);
    expect(log.position).toMatchObject({ offset: 2 });
    expect((await test.gateway.auditLog("other")).events).toEqual([]);
  });

  it("is read in parts, the newest first, or on from a position", async () => {
    const test = new TestGateway();
    for (let n = 0; n < 5; n++) await test.gateway.audit("acme", { action: "disconnect", target: `s${n}`, by });
    const targets = async (query: Parameters<typeof test.gateway.auditLog>[1]): Promise<unknown[]> =>
      (await test.gateway.auditLog("acme", query)).events.map(({ data }) => (data as { target: string }).target);
    expect(await targets({ limit: 2 })).toEqual(["s3", "s4"]);
    const { position } = await test.gateway.auditLog("acme");
    expect(await targets({ limit: 2, since: { epoch: position?.epoch ?? "", offset: 1 } })).toEqual(["s1", "s2"]);
  });

  it("keeps a thousand entries for thirty days, however many events and days other channels keep", async () => {
    const test = new TestGateway({ channels: [{ match: "**", keep: false }] });
    for (let n = 0; n <= 1000; n++) await test.gateway.audit("acme", { action: "disconnect", target: `s${n}`, by });
    const { position } = await test.gateway.auditLog("acme", { limit: 1 });
    const after = async (offset: number) =>
      (await test.gateway.auditLog("acme", { limit: 500, since: { epoch: position?.epoch ?? "", offset } })).events;
    const [oldest, newest] = [await after(0), await after(501)];
    expect([oldest.length, newest.length]).toEqual([500, 500]);
    expect([oldest[0]?.data, newest.at(-1)?.data]).toMatchObject([{ target: "s1" }, { target: "s1000" }]);
    await test.clock.advance(30 * DAY_MS - 1000);
    expect((await test.gateway.auditLog("acme")).events.length).toBeGreaterThan(0);
    await test.clock.advance(2000);
    expect((await test.gateway.auditLog("acme")).events).toEqual([]);
    // No other channel of the gateway's own is kept.
    const policy = new ChannelRules();
    for (const name of ["@audits", "@sessions", "@metadata", "$"])
      expect(settingsOf(policy, { tenantId: "acme", name }).keep, name).toBe(false);
  });

  it("is nothing that clients or back ends could read or write as a channel", async () => {
    const test = new TestGateway();
    await test.gateway.audit("default", { action: "disconnect", target: "s", by });
    const address = { tenantId: "default", name: "@audit" };
    await expect(test.gateway.history(address)).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(test.gateway.publish(address, "disconnect", {})).rejects.toMatchObject({ code: "FORBIDDEN" });
    for (const roles of [["client"], ["service"]] as const) {
      const client = await test.connect({ roles });
      for (const [command, payload] of [
        ["subscribe", { topic: "@audit" }],
        ["join", { channel: "@audit" }],
        ["history", { channel: "@audit" }],
        ["publish", { channel: "@audit", event: "revoke", data: {} }],
      ] as const)
        expect(await client.request(command, payload), command).toMatchObject({
          ok: false,
          error: { code: "FORBIDDEN" },
        });
    }
  });

  it("refuses what is none", async () => {
    const test = new TestGateway();
    const good: AuditEntry = { action: "revoke", by };
    const bad = [
      ["a/b", good],
      ["acme", { ...good, action: "connect" }],
      ["acme", { ...good, target: 5 }],
      ["acme", { ...good, by: { userId: "a b", via: "token" } }],
      ["acme", { ...good, details: [] }],
    ] as [string, AuditEntry][];
    for (const [tenantId, entry] of bad)
      await expect(test.gateway.audit(tenantId, entry)).rejects.toMatchObject({ code: "INVALID_PAYLOAD" });
    expect((await test.gateway.auditLog("acme")).events).toEqual([]);
  });

  it("is told to the observer also where the broker is away", async () => {
    const audited = vi.fn();
    const broker = new MemoryBroker();
    const test = new TestGateway({ observer: { audited }, broker });
    vi.spyOn(broker, "publish").mockRejectedValue(new Error("away"));
    await expect(test.gateway.audit("acme", { action: "revoke", by })).rejects.toThrow("away");
    expect(audited).toHaveBeenCalledOnce();
  });
});

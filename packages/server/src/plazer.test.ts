import { TestGateway } from "@roomcast/core/testing";
import { plazerDialect } from "@roomcast/protocol";
import { describe, expect, it } from "vitest";
import { sendNotification, sendToOrg } from "./plazer.ts";

const plazer = plazerDialect();

describe("what a back end sends to Plazer's clients", () => {
  it("sends a notification to all of a user's connections, and to nobody else", async () => {
    const { gateway, settle, connect } = open();
    const [one, two, other, foreign] = await Promise.all([
      connect({ userId: "ann", tenantId: "acme" }),
      connect({ userId: "ann", tenantId: "acme" }),
      connect({ userId: "bob", tenantId: "acme" }),
      connect({ userId: "ann", tenantId: "other" }),
    ]);
    await settle();
    expect(await sendNotification(gateway, "acme", "ann", { title: "A task" })).toMatchObject({ delivered: 2 });
    await settle();
    for (const client of [one, two]) expect(client.frames).toEqual([["notification", { title: "A task" }]]);
    for (const client of [other, foreign]) expect(client.frames).toEqual([]);
  });

  it("sends an event to an organisation, and to no other", async () => {
    const { gateway, settle, connect } = open();
    const [one, two, foreign] = await Promise.all([
      connect({ userId: "ann", tenantId: "acme" }),
      connect({ userId: "bob", tenantId: "acme" }),
      connect({ userId: "ann", tenantId: "other" }),
    ]);
    await settle();
    await sendToOrg(gateway, "acme", "plan:changed", { plan: "large" });
    await settle();
    for (const client of [one, two]) expect(client.frames).toEqual([["plan:changed", { plan: "large" }]]);
    expect(foreign.frames).toEqual([]);
  });

  it("rejects what is no tenant, user or event", async () => {
    const { gateway } = open();
    await expect(sendNotification(gateway, "a b", "ann", 1)).rejects.toMatchObject({ code: "INVALID_PAYLOAD" });
    await expect(sendNotification(gateway, "acme", "", 1)).rejects.toMatchObject({ code: "INVALID_PAYLOAD" });
    await expect(sendToOrg(gateway, "a b", "e")).rejects.toMatchObject({ code: "INVALID_PAYLOAD" });
    await expect(sendToOrg(gateway, "acme", "connect")).rejects.toMatchObject({ code: "INVALID_PAYLOAD" });
  });
});

function open() {
  const test = new TestGateway();
  return {
    gateway: test.gateway,
    settle: () => test.settle(),
    connect: (principal: Parameters<TestGateway["connect"]>[0]) => test.connect(principal, plazer),
  };
}

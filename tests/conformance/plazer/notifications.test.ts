import { describe, expect, it } from "vitest";
import type { Client } from "../native/client.ts";
import { unique, useTarget } from "../native/suite.ts";
import { fence, plazerUser, received, receivedOnce, type PlazerOptions } from "./plazer.ts";

const suite = useTarget("main");

const organisation = (): string => `org:${suite.tenantId}`;

async function user(userId = unique("u-"), options: PlazerOptions = {}): Promise<Client> {
  return await plazerUser(suite, userId, options);
}

describe("5. notifications", () => {
  async function notify(users: readonly string[], message: unknown) {
    const answer = await suite.call("/api/socket/notify", { body: { users, message } });
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    return answer.body;
  }

  it("reach both tabs of a user, once each, and nobody else", async () => {
    const userId = unique("u-");
    const [one, two, other] = [await user(userId), await user(userId), await user()];
    const foreign = await user(userId, { tenantId: unique("t-") });
    const message = { name: "A task", body: "Look at it" };
    expect(await notify([userId], message)).toEqual({ delivered: 2 });
    for (const tab of [one, two]) expect(await receivedOnce(tab, "notification", 1)).toEqual([message]);
    for (const tab of [one, two]) await fence(suite, tab, `user:${userId}`);
    for (const tab of [one, two]) expect(received(tab, "notification")).toHaveLength(1);
    await fence(suite, other, organisation());
    for (const client of [other, foreign]) expect(received(client, "notification")).toEqual([]);
  });

  it.each([["You have a new task"], [7], [null], [["message"]], [{ room: "r", data: 1 }]])(
    "carry %j as it is",
    async (message) => {
      const userId = unique("u-");
      const client = await user(userId);
      await notify([userId], message);
      expect(await receivedOnce(client, "notification", 1)).toEqual([message]);
    },
  );

  it("reach Plazer and native connections of the user alike", async () => {
    const userId = unique("u-");
    const [plazer, native] = [await user(userId), await suite.user(userId)];
    const topic = `notifications:${userId}`;
    await native.ok("subscribe", { topic });
    await notify([userId], { text: "Lunch" });
    expect(await receivedOnce(plazer, "notification", 1)).toEqual([{ text: "Lunch" }]);
    expect(await native.eventsOf(topic, 1)).toMatchObject([
      { event: "notification", payload: { text: "Lunch" }, source: "server" },
    ]);
  });

  it("go on after the rooms were left", async () => {
    const userId = unique("u-");
    const client = await user(userId);
    for (const room of [`user:${userId}`, organisation()]) {
      expect(await client.ask("leave", { room })).toEqual({ ok: true });
    }
    await notify([userId], "still here");
    expect(await receivedOnce(client, "notification", 1)).toEqual(["still here"]);
  });

  it("reach none of a user who is not there", async () => {
    expect(await notify([unique("u-")], "nobody")).toEqual({ delivered: 0 });
  });
});

describe("6. two nodes", () => {
  it("carry messages, notifications and what back ends send between them", async () => {
    const { urls } = suite.target;
    const [first, last] = [urls[0], urls.at(-1) as string];
    const [ann, bob] = [await user("ann", { url: first }), await user("bob", { url: last })];
    await ann.ask("message", { room: organisation(), data: "from ann" });
    await bob.ask("message", { room: organisation(), data: "from bob" });
    for (const client of [ann, bob]) {
      const messages = (await receivedOnce(client, "message", 2)) as readonly { userId: string; data: string }[];
      expect(messages.map(({ userId, data }) => `${userId}: ${data}`).toSorted((a, b) => a.localeCompare(b))).toEqual([
        "ann: from ann",
        "bob: from bob",
      ]);
    }
    for (const [client, userId, url] of [
      [ann, "ann", last],
      [bob, "bob", first],
    ] as const) {
      await suite.call("/api/socket/notify", { url, body: { users: [userId], message: userId } });
      expect(await receivedOnce(client, "notification", 1)).toEqual([userId]);
      await suite.broadcast(`user:${userId}`, userId, { event: "personal", url });
      expect(await receivedOnce(client, "personal", 1)).toEqual([userId]);
    }
    for (const client of [ann, bob]) await fence(suite, client, organisation());
    expect(received(ann, "message")).toHaveLength(2);
    expect(received(ann, "notification")).toHaveLength(1);
  });
});

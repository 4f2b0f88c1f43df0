import { describe, expect, it } from "vitest";
import { expectRefusal, type Client } from "../native/client.ts";
import { unique, useTarget } from "../native/suite.ts";
import { expectSilence, fence, plazerUser, received, receivedOnce, type PlazerOptions } from "./plazer.ts";

const suite = useTarget("main");

const organisation = (): string => `org:${suite.tenantId}`;

async function user(userId = unique("u-"), options: PlazerOptions = {}): Promise<Client> {
  return await plazerUser(suite, userId, options);
}

describe("4. what is not the sender's to send", () => {
  const foreign = "t-of-others";

  /** Names of rooms, as functions of the victim's connection. */
  const ROOMS: readonly (readonly [string, (victim: Client) => unknown, string])[] = [
    ["another user's room", () => "user:victim", "FORBIDDEN"],
    ["the own user's room, which is the server's to write to", () => "user:ann", "FORBIDDEN"],
    ["another organisation", () => `org:${foreign}`, "FORBIDDEN"],
    ["the organisation `default`", () => "org:default", "FORBIDDEN"],
    ["another's notifications", () => "notifications:victim", "FORBIDDEN"],
    ["another's socket id", (victim) => victim.socket.id, "FORBIDDEN"],
    ["another's socket id as a name of Socket.IO", (victim) => `/events#${victim.socket.id ?? ""}`, "FORBIDDEN"],
    ["a room that was not joined", () => "chat:1", "FORBIDDEN"],
    ["the gateway's own", () => "@notifications", "FORBIDDEN"],
    ["[]", () => [], "INVALID_PAYLOAD"],
    ["several rooms", () => [organisation(), "user:victim"], "INVALID_PAYLOAD"],
    ["{}", () => ({}), "INVALID_PAYLOAD"],
    ["an empty name", () => "", "INVALID_PAYLOAD"],
    ["null", () => null, "INVALID_PAYLOAD"],
    ["undefined", () => undefined, "INVALID_PAYLOAD"],
    ["a number", () => 7, "INVALID_PAYLOAD"],
    ["an object with a name", () => ({ toString: "user:victim" }), "INVALID_PAYLOAD"],
    ["a pattern", () => "user:*", "INVALID_PAYLOAD"],
    ["a name with a space", () => `${organisation()} `, "INVALID_PAYLOAD"],
  ];

  it.each(ROOMS)("a message to %s", async (_what, room, code) => {
    const [ann, victim, stranger] = await sceneOf();
    expectRefusal(await ann.ask("message", { room: room(victim), data: "intrusion" }), code);
    ann.socket.emit("message", { room: room(victim), data: "intrusion" });
    expect(await receivedOnce(ann, "exception", 1)).toEqual([{ code, message: expect.stringMatching(/./) }]);
    await nobodyHeard(victim, stranger);
  });

  it.each([
    ["no payload", []],
    ["null", [null]],
    ["[]", [[]]],
    ["{}", [{}]],
    ["a text", ["user:victim"]],
    ["a number", [5]],
    ["true", [true]],
    ["a list of payloads", [[{ room: "user:victim", data: 1 }]]],
    ["the room as its own argument", ["user:victim", { data: 1 }]],
  ] as const)("a message whose payload is %s", async (_what, args) => {
    const [ann, victim, stranger] = await sceneOf();
    expectRefusal(await ann.ask("message", ...args), "INVALID_PAYLOAD");
    ann.socket.emit("message", ...args);
    expect(await receivedOnce(ann, "exception", 1)).toEqual([
      { code: "INVALID_PAYLOAD", message: expect.stringMatching(/./) },
    ]);
    await nobodyHeard(victim, stranger);
    await suite.expectServing();
  });

  it("joins of rooms of others", async () => {
    const [ann, victim, stranger] = await sceneOf();
    for (const room of ["user:victim", `org:${foreign}`, "org:default", "notifications:victim", "@notifications"]) {
      expectRefusal(await ann.ask("join", { room }), "FORBIDDEN");
    }
    for (const room of [undefined, null, [], {}, "", 7, ["user:victim"]]) {
      for (const event of ["join", "leave"]) expectRefusal(await ann.ask(event, { room }), "INVALID_PAYLOAD");
    }
    ann.socket.emit("join", { room: "user:victim" });
    expect(await receivedOnce(ann, "exception", 1)).toMatchObject([{ code: "FORBIDDEN" }]);
    await suite.broadcast("user:victim", "secret", { event: "private" });
    await receivedOnce(victim, "private", 1);
    await fence(suite, ann, organisation());
    expect(received(ann, "private")).toEqual([]);
    expectSilence(stranger);
  });

  it("data of 70 KB: too large, and said so", async () => {
    const [ann, victim, stranger] = await sceneOf();
    expectRefusal(await ann.ask("message", { room: organisation(), data: "x".repeat(70_000) }), "TOO_LARGE");
    ann.socket.emit("message", { room: organisation(), data: "x".repeat(70_000) });
    expect(await receivedOnce(ann, "exception", 1)).toMatchObject([{ code: "TOO_LARGE" }]);
    await nobodyHeard(victim, stranger);
  });

  it("1 MB of data: the connection ends, and others are served on", async () => {
    const [ann, victim, stranger] = await sceneOf();
    ann.socket.emit("message", { room: organisation(), data: "x".repeat(1024 * 1024) });
    await ann.ended();
    await nobodyHeard(victim, stranger);
    await suite.expectServing();
  });

  it("binary data, data that is nested too deeply, and events of the server", async () => {
    const [ann, victim, stranger] = await sceneOf();
    const deep = JSON.parse(`${"[".repeat(40)}${"]".repeat(40)}`) as unknown;
    for (const data of [Buffer.from("intrusion"), { a: [Buffer.from("intrusion")] }, deep]) {
      expectRefusal(await ann.ask("message", { room: organisation(), data }), "INVALID_PAYLOAD");
    }
    for (const event of ["notification", "exception", "publish", "subscribe", "authenticate", "__proto__"]) {
      expectRefusal(await ann.ask(event, { room: organisation(), data: "intrusion" }), "UNKNOWN_COMMAND");
    }
    await nobodyHeard(victim, stranger);
  });

  async function sceneOf(): Promise<readonly [ann: Client, victim: Client, stranger: Client]> {
    return [await user("ann"), await user("victim"), await user("victim", { tenantId: foreign })];
  }

  async function nobodyHeard(victim: Client, stranger: Client): Promise<void> {
    await fence(suite, victim, organisation());
    await fence(suite, victim, "user:victim");
    expectSilence(victim);
    await fence(suite, stranger, `org:${foreign}`, foreign);
    expectSilence(stranger);
  }
});

import { GatewayError, type ChannelAddress } from "@roomcast/protocol";
import { describe, expect, it } from "vitest";
import type { BrokerReader, Signal } from "../broker.ts";
import type { GatewayOptions } from "../gateway.ts";
import { MemoryPresenceStore } from "../memory-presence.ts";
import { nodeAddress } from "../services.ts";
import { ManualClock, TestGateway, turn } from "../testing/index.ts";
import { TestCluster } from "../testing/test-cluster.ts";
import type { Incident } from "./incident.ts";

const question = { kind: "incidents", tenantId: "default", userId: "alice" } as const;
const incident = (nodeId: string): Incident => ({ at: 1, nodeId, kind: "ended", code: "client" });

function setUp() {
  const clock = new ManualClock(1000);
  const cluster = new TestCluster({ clock, delay: turn });
  const presence = new MemoryPresenceStore();
  const failures: unknown[] = [];
  const node = async (nodeId: string, options: Partial<GatewayOptions> = {}) => {
    const observer = { failed: (where: string, error: unknown) => void failures.push([where, error]) };
    const test = new TestGateway({ clock, broker: cluster.broker(), presence, nodeId, observer, ...options });
    await test.gateway.ready();
    test.gateway.insight.answer("incidents", () => [incident(nodeId)]);
    return test.gateway;
  };
  /** Somebody on the same broker who is no gateway. */
  const stranger = async (...addresses: readonly ChannelAddress[]) => {
    const broker = cluster.broker();
    const heard: Signal[] = [];
    const reader: BrokerReader = { publication: () => {}, signal: (_, signal) => void heard.push(signal) };
    await broker.start("stranger", reader);
    for (const address of addresses) await broker.subscribe(address);
    return { broker, heard };
  };
  return { clock, failures, node, stranger };
}

async function rounds(count = 20): Promise<void> {
  for (let i = 0; i < count; i++) await turn();
}

describe("nodes", () => {
  it("know each other, with what each says of itself, until they close", async () => {
    const { node } = setUp();
    const one = await node("one", { node: { version: "1.2.3", host: "a", pid: 7 } });
    const two = await node("two");
    const nodes = [
      { nodeId: "one", startedAt: 1000, version: "1.2.3", host: "a", pid: 7 },
      { nodeId: "two", startedAt: 1000, version: null, host: null, pid: null },
    ];
    expect([await one.insight.nodes(), await two.insight.nodes()]).toEqual([nodes, nodes]);
    await two.close();
    expect(await one.insight.nodes()).toEqual(nodes.slice(0, 1));
  });

  it("that begin again under their name are there once, and stay when the one before goes", async () => {
    const { clock, node } = setUp();
    const one = await node("one");
    const before = await node("two", { node: { pid: 1 } });
    await clock.advance(10);
    await node("two", { node: { pid: 2 } });
    expect((await one.insight.nodes()).map(({ pid }) => pid)).toEqual([null, 2]);
    await before.close();
    expect((await one.insight.nodes()).map(({ pid }) => pid)).toEqual([null, 2]);
  });

  it("are nobody's members, nor a tenant's channel", async () => {
    const { node } = setUp();
    const one = await node("one");
    expect((await one.channels("default")).entries).toEqual([]);
    expect((await one.connections("default")).total).toBe(0);
  });

  it("are known to themselves while the store is away, which is told", async () => {
    class Away extends MemoryPresenceStore {
      override put(): Promise<void> {
        return Promise.reject(new GatewayError("UNAVAILABLE", "away"));
      }
    }
    const { failures, node } = setUp();
    const one = await node("one", { presence: new Away() });
    expect(await one.insight.nodes()).toMatchObject([{ nodeId: "one" }]);
    expect(failures).toMatchObject([["presence", { code: "UNAVAILABLE" }]]);
  });
});

describe("a question", () => {
  it("is answered by the node that it is put to, its own too", async () => {
    const { node } = setUp();
    const one = await node("one");
    await node("two");
    expect(await one.insight.ask("two", question)).toEqual([incident("two")]);
    expect(await one.insight.ask("one", question)).toEqual([incident("one")]);
  });

  it("to all has an answer of each, and names who did not answer within two seconds", async () => {
    const { clock, node } = setUp();
    const one = await node("one");
    const mute = await node("mute");
    await node("two");
    mute.insight.answer("incidents", async () => await new Promise<never>(() => {}));
    const asked = one.insight.askAll(question);
    await rounds();
    await clock.advance(1999);
    let ended = false;
    void asked.then(() => (ended = true));
    await rounds();
    expect(ended).toBe(false);
    await clock.advance(1);
    expect(await asked).toEqual({
      answers: [
        { nodeId: "one", value: [incident("one")] },
        { nodeId: "two", value: [incident("two")] },
      ],
      unreachable: ["mute"],
    });
    const alone = one.insight.ask("mute", question);
    const refused = expect(alone).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await clock.advance(2000);
    await refused;
    // Nothing of it is left; each node takes its own numbers from time to time.
    expect(clock.pending).toBe(3);
  });

  it("to a node that dies meanwhile ends in its time", async () => {
    const { clock, node } = setUp();
    const one = await node("one");
    const two = await node("two");
    let reached = false;
    two.insight.answer("incidents", async () => {
      reached = true;
      await two.close();
      return [];
    });
    const asked = one.insight.askAll(question);
    await rounds();
    expect(reached).toBe(true);
    await clock.advance(2000);
    expect(await asked).toMatchObject({ answers: [{ nodeId: "one" }], unreachable: ["two"] });
    expect(await one.insight.askAll(question)).toMatchObject({ unreachable: [] });
  });

  it("of a node that closes ends at once", async () => {
    const { node } = setUp();
    const one = await node("one");
    const mute = await node("mute");
    mute.insight.answer("incidents", async () => await new Promise<never>(() => {}));
    const asked = expect(one.insight.ask("mute", question)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await rounds();
    await one.close();
    await asked;
    await expect(one.insight.ask("mute", question)).rejects.toMatchObject({ code: "SHUTTING_DOWN" });
  });

  it("has the errors of who answers as errors of the table; what is none tells nothing", async () => {
    const { failures, node } = setUp();
    const one = await node("one");
    const two = await node("two");
    two.insight.answer("incidents", () => {
      throw new GatewayError("NOT_FOUND", "There is none", { details: { of: "what" } });
    });
    const error: unknown = await one.insight.ask("two", question).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(GatewayError);
    expect(error).toMatchObject({ code: "NOT_FOUND", message: "There is none", details: { of: "what" } });
    const secret = new Error("postgres://user:secret@db");
    two.insight.answer("incidents", () => {
      throw secret;
    });
    await expect(one.insight.ask("two", question)).rejects.toMatchObject({
      code: "INTERNAL",
      message: "Something went wrong on the server",
    });
    expect(failures).toEqual([["answer", secret]]);
    expect(await one.insight.askAll(question)).toMatchObject({ unreachable: ["two"] });
    const strange = { ...question, kind: "toString" } as unknown as typeof question;
    for (const nodeId of ["one", "two"])
      await expect(one.insight.ask(nodeId, strange)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });

  it("whose answer is over a mebibyte is refused where it would be sent, and the node goes on", async () => {
    const { node } = setUp();
    const one = await node("one");
    const two = await node("two");
    const large = [{ ...incident("two"), message: "ä".repeat(600 * 1024) }];
    two.insight.answer("incidents", () => large);
    await expect(one.insight.ask("two", question)).rejects.toMatchObject({
      code: "TOO_LARGE",
      details: { limit: 1024 * 1024 },
    });
    expect(await one.insight.askAll(question)).toMatchObject({ unreachable: ["two"] });
    two.insight.answer("incidents", () => []);
    expect(await one.insight.ask("two", question)).toEqual([]);
  });

  it("takes no answer of a stranger, a second one, nor one to nothing", async () => {
    const { failures, node, stranger } = setUp();
    const one = await node("one");
    const two = await node("two");
    const { broker, heard } = await stranger(nodeAddress("two"));
    let go: (() => void) | undefined;
    two.insight.answer("incidents", async () => {
      await new Promise<void>((resolve) => (go = resolve));
      return [incident("two")];
    });
    const asked = one.insight.ask("two", question);
    await rounds();
    const [ask] = heard as readonly (Signal & { type: "ask" })[];
    expect(ask).toMatchObject({ type: "ask", from: "one", question });
    const say = async (answer: Partial<Signal & { type: "answer" }>): Promise<void> =>
      await broker.signal(nodeAddress("one"), {
        type: "answer",
        id: ask?.id ?? "",
        from: "two",
        value: "forged",
        ...answer,
      });
    await say({ from: "three" });
    await say({ from: "one" });
    await say({ id: "another" });
    await rounds();
    go?.();
    expect(await asked).toEqual([incident("two")]);
    await say({});
    await rounds();
    expect(failures).toEqual([]);
  });

  it("rejects when the broker is away, and as a strange code where a node has one", async () => {
    const { node, stranger } = setUp();
    const one = await node("one");
    const { broker, heard } = await stranger(nodeAddress("later"));
    const asked = one.insight.ask("later", question);
    const refused = expect(asked).rejects.toMatchObject({ code: "INTERNAL" });
    await rounds();
    const [ask] = heard as readonly (Signal & { type: "ask" })[];
    const error = { code: "NEW_CODE", message: "?", retryable: true } as unknown as ReturnType<GatewayError["toWire"]>;
    await broker.signal(nodeAddress("one"), { type: "answer", id: ask?.id ?? "", from: "later", error });
    await refused;
    const cluster = new TestCluster({ clock: new ManualClock() });
    const away = cluster.broker();
    away.signal = () => Promise.reject(new GatewayError("UNAVAILABLE", "away"));
    const two = await node("two", { broker: away });
    await expect(two.insight.ask("one", question)).rejects.toMatchObject({ code: "UNAVAILABLE", message: "away" });
  });
});

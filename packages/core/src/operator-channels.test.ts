import {
  plazerDialect,
  steedosDialect,
  twakeDialect,
  type Dialect,
  type Principal,
  type Role,
} from "@roomcast/protocol";
import { describe, expect, it } from "vitest";
import type { ChannelPolicy } from "./policy.ts";
import { TestGateway, testPrincipal } from "./testing/index.ts";

const NAMES = ["@stats", "@cluster", "@audit"] as const;
const failed = (code: string) => ({ ok: false, error: expect.objectContaining({ code }) as unknown });

async function reached(principal: Partial<Principal> | null): Promise<string[]> {
  const test = new TestGateway();
  const client = await test.connect(principal);
  const open: string[] = [];
  for (const topic of NAMES) {
    const answer = await client.request("subscribe", { topic });
    if (answer["ok"] === true) open.push(topic);
    else expect(answer).toEqual(failed("FORBIDDEN"));
  }
  return open;
}

const roles = (...all: Role[]) => ({ roles: all });

describe("operators' channels", () => {
  it.each<[who: string, principal: Partial<Principal> | null, open: readonly string[]]>([
    ["a visitor", null, []],
    ["a client", roles("client"), []],
    ["a service", roles("service", "client"), []],
    ["an admin", roles("admin"), ["@stats", "@audit"]],
    ["an operator", roles("operator"), [...NAMES]],
    ["an operator that reaches its grants only", { ...roles("operator"), grantsOnly: true }, []],
    [
      "a client with grants for all of them",
      { grants: { "**": ["subscribe", "history"], "@cluster": ["subscribe"], "@stats": ["subscribe"] } },
      [],
    ],
    [
      "an admin with a grant for the cluster",
      { ...roles("admin"), grants: { "**": ["subscribe"] } },
      ["@stats", "@audit"],
    ],
  ])("open to %s as far as the role goes", async (_who, principal, open) => {
    expect(await reached(principal)).toEqual(open);
  });

  it("are decided by the engine, whatever a policy or a room token says", async () => {
    const asked: string[] = [];
    const policy: ChannelPolicy = {
      settings: () => ({ keep: false, slow: "disconnect" }),
      decide: (_principal, _action, { name }) => {
        asked.push(name);
        return { allowed: true, by: "rule" };
      },
    };
    const test = new TestGateway({ channels: policy });
    const client = await test.connect();
    for (const topic of NAMES)
      expect(await client.request("subscribe", { topic, token: "a room token" })).toEqual(failed("FORBIDDEN"));
    expect(await client.request("history", { channel: "@audit" })).toEqual(failed("FORBIDDEN"));
    expect(asked).toEqual([]);
  });

  it("are read by nobody else, joined and published to by nobody", async () => {
    const test = new TestGateway();
    const operator = await test.connect(roles("operator", "admin", "service"));
    for (const channel of NAMES) {
      await operator.request("subscribe", { topic: channel });
      for (const [command, payload] of [
        ["join", { channel }],
        ["publish", { channel, event: "stats", data: {} }],
        ["members", { channel }],
        ["state", { channel, state: 1 }],
      ] as const)
        expect([command, await operator.request(command, payload)]).toEqual([command, failed("FORBIDDEN")]);
    }
    await expect(test.gateway.publish({ tenantId: "default", name: "@stats" }, "stats")).rejects.toMatchObject({
      code: "FORBIDDEN",
    });
    expect(await operator.request("history", { channel: "@audit" })).toMatchObject({ ok: true, events: [] });
    expect(await operator.request("history", { channel: "@stats" })).toEqual(failed("FORBIDDEN"));
    expect(await operator.request("history", { channel: "@cluster" })).toEqual(failed("FORBIDDEN"));
  });

  it("end with the role, as a refresh takes it, and stay where it is left", async () => {
    const test = new TestGateway();
    const operator = await test.connect(roles("operator"));
    for (const topic of NAMES) await operator.request("subscribe", { topic, subscriptionId: topic });
    await operator.request("refresh", { token: testPrincipal(roles("admin")) });
    await test.settle();
    expect(operator.received("error")).toEqual([expect.objectContaining({ code: "FORBIDDEN", channel: "@cluster" })]);
    expect(operator.session.readers.map(({ channel }) => channel.address)).toEqual([
      { tenantId: "default", name: "@stats" },
      { tenantId: "default", name: "@audit" },
    ]);
    expect(await operator.request("unsubscribe", { subscriptionId: "@cluster" })).toEqual(failed("NOT_FOUND"));
    await operator.request("refresh", { token: testPrincipal(roles("client")) });
    await test.settle();
    expect(operator.session.readers).toEqual([]);
    expect(operator.received("error").map(({ channel }) => channel)).toEqual(["@cluster", "@stats", "@audit"]);
  });

  it("are let go of like others, count like others, and are told to no application", async () => {
    const test = new TestGateway({ limits: { subscriptionsPerSession: 2 } });
    const followed: string[] = [];
    test.gateway.onFollow(({ address }) => followed.push(address.name));
    const operator = await test.connect(roles("operator"));
    await operator.request("subscribe", { topic: "@cluster", subscriptionId: "one" });
    await operator.request("subscribe", { topic: "@cluster", subscriptionId: "two" });
    expect(await operator.request("subscribe", { topic: "@cluster" })).toEqual(failed("LIMIT_REACHED"));
    expect(await operator.request("subscribe", { topic: "a" })).toEqual(failed("LIMIT_REACHED"));
    for (const subscriptionId of ["one", "two"])
      expect(await operator.request("unsubscribe", { subscriptionId })).toEqual({ ok: true });
    expect(operator.session.readers).toEqual([]);
    expect(followed).toEqual([]);
  });

  it("of one tenant are not another's", async () => {
    const test = new TestGateway();
    const [one, other] = [
      await test.connect({ ...roles("admin"), tenantId: "one" }),
      await test.connect({ ...roles("operator"), tenantId: "other" }),
    ];
    for (const client of [one, other]) await client.request("subscribe", { topic: "@stats" });
    await other.request("subscribe", { topic: "@cluster" });
    expect([one, other].map(({ session }) => session.readers.map(({ channel }) => channel.address.tenantId))).toEqual([
      ["one"],
      ["other", "$"],
    ]);
  });

  it("are known to no other dialect", () => {
    const frames: [Dialect, (name: string) => readonly (readonly [string, unknown])[]][] = [
      [
        twakeDialect(),
        (name) => [
          ["realtime:join", { name, token: "twake" }],
          ["realtime:event", { name, data: {} }],
        ],
      ],
      [
        steedosDialect(),
        (name) => [
          ["subscribe", { roomParts: name }],
          ["subscribe", { roomParts: ["a", name], individual: true }],
        ],
      ],
      [
        plazerDialect(),
        (name) => [
          ["join", { room: name }],
          ["message", { room: name, data: 1 }],
        ],
      ],
    ];
    for (const [dialect, framesOf] of frames) {
      for (const name of NAMES) {
        for (const frame of framesOf(name)) expect([frame, dialect.decode(frame).kind]).toEqual([frame, "invalid"]);
        const address = { tenantId: "default", name };
        const said = { type: "publication", address, id: "1", event: "stats", data: {}, source: "server" } as const;
        expect(dialect.encode({ ...said, timestamp: 0 })).toBeUndefined();
      }
      for (const frame of framesOf("a")) expect([frame, dialect.decode(frame).kind]).toEqual([frame, "command"]);
    }
  });
});

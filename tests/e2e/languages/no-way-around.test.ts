import { roomcastService } from "@roomcast/server/moleculer";
import { ServiceBroker } from "moleculer";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { unique } from "../../conformance/native/suite.ts";
import { LanguageClient, LANGUAGES, type Heard, type Language } from "./clients.ts";
import { DOORS, INTRUSION, restDoors, type Attempt } from "./doors.ts";
import { Nodes } from "./nodes.ts";

/** Tenants of one test. */
interface Tenants {
  readonly mine: string;
  readonly other: string;
}

/** Something that belongs to `bob`, or to another tenant, and that `alice` is to get nothing of. */
interface Target {
  readonly what: string;
  readonly name: (tenants: Tenants) => string;
  /** Whether it is one user's own room, whose name is also that of a shared one that everybody may follow. */
  readonly individual?: true;
  /** Whether it is in the other tenant, where its name is nothing special. */
  readonly elsewhere?: true;
  /** How its owner follows it; natively, with a room token, unless given. */
  readonly owner?: Language;
}

const TARGETS: readonly Target[] = [
  { what: "a Twake room without its token", name: () => "/companies/1/workspaces/2" },
  { what: "a Twake room whose name has a query", name: () => "/channels?type=public", owner: "twake" },
  { what: "another user's room of Twake", name: () => "/users/bob", owner: "twake" },
  { what: "a room that a rule asks a token for", name: () => "signed:1" },
  { what: "another user's notifications", name: () => "notifications:bob" },
  { what: "another user's room", name: () => "user:bob", owner: "plazer" },
  { what: "another organisation's room", name: ({ other }) => `org:${other}`, owner: "plazer" },
  { what: "what a rule gives its owner", name: () => "inbox:bob" },
  { what: "what a rule gives another tenant", name: ({ other }) => `floor:${other}`, elsewhere: true },
  { what: "a Steedos individual room", name: () => "drafts", individual: true, owner: "steedos" },
  { what: "a Steedos user's notifications", name: () => "notification-change", individual: true, owner: "steedos" },
  { what: "a channel of another tenant", name: () => "chat:1", elsewhere: true },
  { what: "a Steedos room of another tenant", name: () => "orders", elsewhere: true, owner: "steedos" },
];

/** What nobody may follow or write to, in any language. */
const CLOSED = ["@notifications", "@metadata", "@global", "@sessions", "@direct", "@x", "$", "$system"];
const FOR_OTHERS = ["ops:1", "closed:1", "ask:no", "user:", "org:", "notifications:", "user:alice:x", "org:default"];

/** Texts that a room might be taken for, by whoever joins and splits texts. */
function spellings(name: string, { mine, other }: Tenants): readonly string[] {
  const tenants = [mine, other];
  return [
    name,
    ...tenants.flatMap((tenant) => [
      `${tenant}-${name}`,
      `${tenant}-${name}-bob`,
      `${tenant}/${name}`,
      `${tenant}:${name}`,
      `${tenant},${name}`,
      `${tenant}:${name}:bob`,
      `/${tenant}/${name}/bob`,
    ]),
    `${name}-bob`,
    `${name}:bob`,
    `${name}/bob`,
    `${name} bob`,
    `bob-${name}`,
    `${name}/`,
    `${name}\u0000`,
    `${name}\u200B`,
    encodeURIComponent(name),
    name.toUpperCase(),
    `@${name}`,
    `previous::${name}`,
    "*",
    "**",
    "{userId}",
    name.replace("bob", "{userId}"),
    name.replace("bob", "*"),
  ];
}

describe("no way around", () => {
  const clients: LanguageClient[] = [];
  let nodes: Nodes;
  let broker: ServiceBroker;

  beforeAll(async () => {
    nodes = await Nodes.start(2);
    broker = new ServiceBroker({ logger: false });
    broker.createService(roomcastService({ gateway: nodes.first.gateway }));
    await broker.start();
  });

  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
  });

  afterAll(async () => {
    await broker.stop();
    await nodes.close();
  });

  async function connect(language: Language, userId: string, tenantId: string, claims?: object) {
    const who = { userId, tenantId, ...(claims === undefined ? undefined : { claims }) };
    const client = await LanguageClient.connect(language, nodes.last.url, nodes, who);
    clients.push(client);
    return client;
  }

  function newTenants(): Tenants {
    return { mine: unique("t-"), other: unique("t-") };
  }

  /** Tokens that are not alice's token for this room. */
  function wrongTokens(name: string, { mine, other }: Tenants): readonly unknown[] {
    const right = { room: name, userId: "alice", tenantId: mine };
    return [
      undefined,
      null,
      "",
      "twake",
      nodes.token("alice", mine),
      nodes.roomToken({ ...right, room: `${name}x` }),
      nodes.roomToken({ ...right, room: "*" }),
      nodes.roomToken({ ...right, userId: "bob" }),
      nodes.roomToken({ ...right, tenantId: other }),
      nodes.roomToken({ ...right, lifeSeconds: -60 }),
    ];
  }

  /** The owner of a target, who follows it as may be done, in its own language. */
  async function ownerOf(target: Target, tenants: Tenants) {
    const name = target.name(tenants);
    const tenantId = target.elsewhere === true || name.includes(tenants.other) ? tenants.other : tenants.mine;
    const owner = await connect(target.owner ?? "native", "bob", tenantId);
    if (target.individual === true) {
      expect(await owner.ask("subscribe", { roomParts: name, individual: true })).toEqual({ ok: true });
    } else {
      const token = nodes.roomToken({ room: name, userId: "bob", tenantId });
      expect(await owner.follow(name, token)).toBeUndefined();
    }
    const address = { tenantId, name, ...(target.individual === true ? { userId: "bob" } : undefined) };
    const text = target.individual === true ? `${tenantId}-${name}-bob` : `${tenantId}-${name}`;
    return { owner, address, text };
  }

  /** Resolves when what was published before now has come to the client. */
  async function fence(client: LanguageClient): Promise<void> {
    const name = unique("fence-");
    expect(await client.follow(name)).toBeUndefined();
    const { tenantId } = client.who;
    await nodes.first.gateway.publish({ tenantId, name }, name);
    const isFence = (frame: Heard): boolean =>
      frame[0] !== "realtime:join:success" && JSON.stringify(frame).includes(name);
    await client.until(() => client.heard.some(isFence), "the fence");
  }

  function found(client: LanguageClient, text: string): readonly string[] {
    return client.heard.map((frame) => JSON.stringify(frame)).filter((frame) => frame.includes(text));
  }

  const pairs = TARGETS.flatMap((target) => LANGUAGES.map((language) => ({ ...target, language, target })));

  it.each(pairs)("to $what, by $language", async ({ target, language }) => {
    const tenants = newTenants();
    const { owner, address, text } = await ownerOf(target, tenants);
    const alice = await connect(language, "alice", tenants.mine);
    const { name, tenantId } = address;
    const victim = { userId: "bob", tenantId };
    const ordinary = target.individual === true || target.elsewhere === true;
    for (const door of DOORS.filter((one) => one.language === language)) {
      for (const token of wrongTokens(name, tenants)) {
        const refused = await door.push(alice, { name, token, victim });
        // A shared channel of its own tenant may have the same name.
        if (!ordinary && door.harmless === undefined)
          expect([door.name, token, refused]).not.toEqual([door.name, token, undefined]);
      }
      for (const spelling of spellings(name, tenants)) {
        const attempt: Attempt = { name: spelling, token: nodes.token("alice", tenants.mine), victim };
        await door.push(alice, attempt);
      }
    }

    const [secret, secretByText] = [unique("secret-"), unique("secret-")];
    await nodes.first.gateway.publish(address, "message", secret);
    await broker.emit("$broadcast.socket.emit", {
      data: { eventName: "message", eventParams: secretByText, room: text },
    });
    if (name === "notification-change" || name === "notifications:bob") {
      await nodes.first.gateway.notify(tenantId, ["bob"], secret);
    }
    await fence(alice);
    await fence(owner);
    expect(found(owner, secret)).not.toEqual([]);
    expect(found(owner, secretByText)).toHaveLength(1);
    expect(found(owner, INTRUSION)).toEqual([]);
    expect(found(alice, "secret-")).toEqual([]);
  });

  it.each(LANGUAGES)("to what nobody is given, by %s", async (language) => {
    const tenants = newTenants();
    const alice = await connect(language, "alice", tenants.mine);
    const victim = { userId: "bob", tenantId: tenants.other };
    for (const door of DOORS.filter((one) => one.language === language)) {
      const names = door.harmless === undefined ? [...CLOSED, ...FOR_OTHERS] : CLOSED;
      for (const name of names) {
        for (const token of [undefined, ...wrongTokens(name, tenants)]) {
          const refused = await door.push(alice, { name, token, victim });
          expect([door.name, name, refused]).not.toEqual([door.name, name, undefined]);
        }
      }
    }
    await nodes.first.gateway.notify(tenants.mine, ["bob"], "secret-1");
    await nodes.first.gateway.notify(tenants.other, ["alice", "bob"], "secret-2");
    await fence(alice);
    expect(found(alice, "secret-")).toEqual([]);
  });

  it.each(TARGETS)("to $what, by REST with a token of the role client", async (target) => {
    const tenants = newTenants();
    const { owner, address } = await ownerOf(target, tenants);
    const { name, tenantId } = address;
    await nodes.first.gateway.publish(address, "message", "secret-");
    for (const permissions of [undefined, ["client"], [], ["no-role"]]) {
      const token = nodes.token("alice", tenants.mine, permissions === undefined ? {} : { permissions });
      for (const [path, call] of restDoors({ name, victim: { userId: "bob", tenantId } })) {
        const { status, body } = await nodes.call(path, tenants.mine, { ...call, token });
        expect([path, status, JSON.stringify(body)]).toEqual([path, 403, expect.not.stringContaining("secret-")]);
      }
      // Nor is a room's token one for REST.
      const roomToken = nodes.roomToken({ room: name, userId: "bob", tenantId });
      const refused = await nodes.call("/api/socket/channels", tenants.mine, { token: roomToken });
      expect(refused.status).toBe(401);
    }
    await fence(owner);
    expect(found(owner, INTRUSION)).toEqual([]);
  });

  it.each(["native", "twake", "plazer"] as const)(
    "to more than its grants, for a channelsOnly token, by %s",
    async (language) => {
      const { mine } = newTenants();
      const claims = { channelsOnly: true, channels: { "chat:1": ["subscribe", "presence"], "fence-*": [] } };
      const alice = await connect(language, "alice", mine, {
        ...claims,
        channels: { "chat:1": ["subscribe", "presence"], "fence-**": ["subscribe", "presence"] },
      });
      for (const name of ["chat:2", "user:alice", "notifications:alice", `org:${mine}`, "/open/1", "inbox:alice"]) {
        const token = nodes.roomToken({ room: name, userId: "alice", tenantId: mine });
        expect([name, await alice.follow(name, token)]).not.toEqual([name, undefined]);
      }
      const { gateway } = nodes.first;
      await gateway.notify(mine, ["alice"], "secret-");
      for (const name of ["user:alice", `org:${mine}`])
        await gateway.publish({ tenantId: mine, name }, "message", "secret-");
      expect(await alice.follow("chat:1")).toBeUndefined();
      await fence(alice);
      expect(found(alice, "secret-")).toEqual([]);
    },
  );

  it.each(LANGUAGES)("to another tenant's sessions and users, by %s", async (language) => {
    const tenants = newTenants();
    const alice = await connect(language, "alice", tenants.mine);
    const victims = [];
    for (const other of LANGUAGES) victims.push(await connect(other, "bob", tenants.other));
    for (const { socket } of victims) {
      for (const to of [{ socketId: socket.id }, { userId: "bob" }]) {
        alice.socket.emit("direct", { to, event: "message", data: INTRUSION });
        alice.socket.emit("online:get", { data: ["bob"] });
        alice.socket.emit("message", { room: socket.id, data: INTRUSION });
      }
    }
    await fence(alice);
    for (const victim of victims) await fence(victim);
    for (const victim of victims) expect(found(victim, INTRUSION)).toEqual([]);
    if (language === "twake") {
      expect(await alice.ask("online:get", { data: ["alice", "bob"] })).toEqual({
        data: [
          ["alice", true],
          ["bob", false],
        ],
      });
    }
  });
});

import { expect, it } from "vitest";
import type { Connection, ConnectionDetails, Decision, Incident, RuleTest } from "../../api/types.ts";
import { diagnose, followed, type Evidence, type LookedAt } from "./diagnosis.ts";

const NOW = 1_800_000_000_000;
const CHANNEL = "notifications:4711";

it("says that a user is not connected who has no connection, and how the last one ended", () => {
  const left = incident({ kind: "ended", code: "client" });
  const told = diagnose(evidence([], { incidents: [left] }));
  expect(told.verdict).toBe("notConnected");
  expect(told.findings).toEqual([{ kind: "noConnection" }, { kind: "lastEnded", incident: left }]);
  expect(told.steps).toEqual(["notConnected"]);
});

it("says that nobody remembers a user who never was, unless somebody did not answer", () => {
  expect(kinds(evidence([]))).toEqual(["noConnection", "neverSeen"]);
  expect(kinds(evidence([], { unreachable: ["b"] }))).toEqual(["noConnection", "unreachable"]);
});

it("names the revocation, and the token that was refused after it", () => {
  const refused = incident({ command: "connect", code: "UNAUTHENTICATED" });
  const ended = incident({ kind: "ended", code: "REVOKED", at: NOW - 5000 });
  const told = diagnose(evidence([], { revokedAt: NOW - 5000, incidents: [refused, ended] }));
  expect(told.verdict).toBe("notConnected");
  expect(told.findings.map(({ kind }) => kind)).toEqual(["noConnection", "revoked", "arrivalRefused", "lastEnded"]);
  expect(told.steps[0]).toBe("signInAgain");
});

it("says slow where the last connection was ended for it, and is not back", () => {
  const slow = incident({ kind: "ended", code: "SLOW_CONSUMER", at: NOW - 86_400_000 });
  expect(diagnose(evidence([], { incidents: [slow] })).verdict).toBe("slow");
  const refused = incident({ command: "connect", code: "TOKEN_EXPIRED" });
  expect(diagnose(evidence([], { incidents: [refused, slow] })).verdict).toBe("notConnected");
});

it("says not subscribed where the rules would let it follow", () => {
  const told = diagnose(evidence([looked({ subscriptions: [subscription("orders:1")] })]));
  expect(told.verdict).toBe("notSubscribed");
  expect(told.findings.map(({ kind }) => kind)).toEqual(["connections", "noneFollow", "wouldAllow", "neverTried"]);
});

it("says refused where the rules refuse it, tried or not", () => {
  const refuse = { rule: test({ allowed: false, code: "FORBIDDEN" }) };
  expect(diagnose(evidence([looked({}, refuse)])).verdict).toBe("refused");
  const attempt = incident({ code: "FORBIDDEN", command: "subscribe", channel: CHANNEL });
  const told = diagnose(evidence([looked({}, refuse)], { incidents: [attempt] }));
  expect(told.findings.map(({ kind }) => kind)).toEqual(["connections", "noneFollow", "wouldRefuse", "refusedAt"]);
  expect(told.steps).toEqual(["changeRule"]);
});

it("believes what the rules say now more than what they said before", () => {
  const attempt = incident({ code: "FORBIDDEN", command: "subscribe", channel: CHANNEL });
  expect(diagnose(evidence([looked({})], { incidents: [attempt] })).verdict).toBe("notSubscribed");
  expect(diagnose(evidence([looked({}, { rule: undefined })], { incidents: [attempt] })).verdict).toBe("refused");
});

it("is not led astray by a refusal on another channel", () => {
  const other = incident({ code: "FORBIDDEN", command: "subscribe", channel: "orders:1" });
  expect(diagnose(evidence([looked({}, { rule: undefined })], { incidents: [other] })).verdict).toBe("notSubscribed");
});

it("says slow where a connection lags, is overloaded, or was ended for it within the hour", () => {
  const lagging = looked({ subscriptions: [{ ...subscription(CHANNEL), lagging: true }] });
  expect(kinds(evidence([lagging]))).toEqual(["lagging", "someFollow"]);
  const backlog = { bytes: 900, limit: 1000, overloaded: true };
  expect(kinds(evidence([looked({ subscriptions: [subscription(CHANNEL)], backlog })]))).toEqual([
    "overloaded",
    "someFollow",
  ]);
  const following = looked({ subscriptions: [subscription(CHANNEL)] });
  const ended = (at: number): Incident => incident({ kind: "ended", code: "SLOW_CONSUMER", at });
  expect(diagnose(evidence([following], { incidents: [ended(NOW - 3_599_000)] })).verdict).toBe("slow");
  expect(diagnose(evidence([following], { incidents: [ended(NOW - 3_601_000)] })).verdict).toBe("nothing");
  const dropped = incident({ kind: "dropped", code: "SLOW_CONSUMER", channel: CHANNEL });
  expect(diagnose(evidence([following], { incidents: [dropped] })).verdict).toBe("slow");
  const elsewhere = { ...dropped, channel: "orders:1" };
  expect(diagnose(evidence([following], { incidents: [elsewhere] })).verdict).toBe("nothing");
});

it("sees nothing wrong where one follows, and tells of filters and of those that do not", () => {
  const filtered = { ...subscription(CHANNEL), filter: { kind: "urgent" } };
  const told = diagnose(evidence([looked({ subscriptions: [filtered] }), looked({ socketId: "other" })]));
  expect(told.verdict).toBe("nothing");
  expect(told.findings).toEqual([
    { kind: "someFollow", some: 1, total: 2 },
    { kind: "filtered", socketId: "one" },
  ]);
  expect(told.steps).toEqual(["others", "nothing"]);
});

it("does not tell what it cannot know of a node that does not answer", () => {
  const silent = looked({}, { details: "silent" });
  expect(diagnose(evidence([silent])).verdict).toBe("unknown");
  expect(diagnose(evidence([silent, looked({})])).verdict).toBe("unknown");
  const following = looked({ subscriptions: [subscription(CHANNEL)] });
  expect(kinds(evidence([silent, following], { unreachable: ["b"] }))).toEqual(["someFollow", "silent", "unreachable"]);
});

it("does not count a connection that has gone meanwhile", () => {
  expect(diagnose(evidence([looked({}, { details: "gone" })])).verdict).toBe("notConnected");
});

it("says how many connections it has looked at, where these are not all", () => {
  const whole = evidence([looked({})]);
  const connections = [...whole.report.connections, { ...whole.report.connections[0]!, socketId: "more" }];
  const told = diagnose({ ...whole, report: { ...whole.report, connections } });
  expect(told.findings.at(-1)).toEqual({ kind: "unchecked", some: 1, total: 2 });
});

it("knows where connections of other dialects hear notifications", () => {
  expect(followed(details({ dialect: "plazer" }), CHANNEL)).toEqual({ by: "given", lagging: false });
  expect(followed(details({ dialect: "plazer" }), "notifications:other")).toBeUndefined();
  const room = { ...subscription("notification-change"), own: true };
  expect(followed(details({ dialect: "steedos", subscriptions: [room] }), CHANNEL)).toBe(room);
  // A shared room of that name is another one.
  expect(followed(details({ dialect: "steedos", subscriptions: [{ ...room, own: false }] }), CHANNEL)).toBeUndefined();
  expect(followed(details({ subscriptions: [{ ...subscription("x"), own: true }] }), "x")).toBeUndefined();
});

it("takes the subscription without a filter where there are two", () => {
  const all = subscription("x");
  const some = { ...all, filter: { a: 1 } };
  expect(followed(details({ subscriptions: [some, all] }), "x")).toBe(all);
});

function evidence(connections: readonly LookedAt[], report: Partial<Evidence["report"]> = {}): Evidence {
  return {
    channel: CHANNEL,
    report: {
      userId: "4711",
      connections: connections.map(({ connection }) => connection),
      revokedAt: null,
      incidents: [],
      unreachable: [],
      ...report,
    },
    connections,
    now: NOW,
  };
}

function kinds(known: Evidence): readonly string[] {
  return diagnose(known).findings.map(({ kind }) => kind);
}

function looked(changes: Partial<ConnectionDetails>, rest: Partial<LookedAt> = {}): LookedAt {
  const one = details(changes);
  return { connection: one, details: one, rule: test({ allowed: true, by: "rule" }), ...rest };
}

const CONNECTION: Connection = {
  socketId: "one",
  userId: "4711",
  dialect: "native",
  transport: "websocket",
  connectedAt: NOW - 60_000,
  channels: [],
  nodeId: "a",
  address: "192.0.2.7",
};

function details(changes: Partial<ConnectionDetails> = {}): ConnectionDetails {
  return {
    ...CONNECTION,
    principal: { userId: "4711", tenantId: "t", roles: ["client"], anonymous: false, grants: {}, grantsOnly: false },
    subscriptions: [],
    backlog: { bytes: 0, limit: 1000, overloaded: false },
    rates: { commandsPerSecond: 0, eventsPerSecond: 0, bytesPerSecond: 0 },
    totals: { commands: 0, refused: 0, events: 0, dropped: 0, bytes: 0 },
    incidents: [],
    ...changes,
  };
}

function subscription(channel: string): ConnectionDetails["subscriptions"][number] {
  return { channel, own: false, subscriptionId: "s", joined: false, by: "rule", lagging: false };
}

function incident(changes: Partial<Incident>): Incident {
  return { at: NOW - 1000, nodeId: "a", kind: "refused", code: "FORBIDDEN", ...changes };
}

function test(subscribe: Decision): RuleTest {
  const owner = "owner";
  return {
    kind: "builtIn",
    index: null,
    match: "notifications:{userId}",
    params: { userId: "4711" },
    rights: { subscribe: owner, presence: owner, history: owner, publish: "service" },
    keep: { size: 100, seconds: 300 },
    slow: "disconnect",
    events: null,
    decisions: { subscribe, presence: subscribe, history: subscribe, publish: { allowed: false } },
  };
}

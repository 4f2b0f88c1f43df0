import type { ChannelAddress, PresenceChange } from "@roomcast/protocol";
import type { BrokerLimits, BrokerSubject } from "./broker-subject.ts";
import { draft, startNode } from "./broker-subject.ts";
import { check, same, until } from "./cases.ts";

/** Cases that want the same limits, and as much time. */
export interface BrokerCaseGroup {
  readonly limits?: Partial<BrokerLimits>;
  /** The longest time that one of them lets pass, in milliseconds. */
  readonly needsMs?: number;
  readonly cases: Readonly<Record<string, (subject: BrokerSubject) => Promise<void>>>;
}

export const KEEP = { size: 100, seconds: 300 };
export const CHANNEL: ChannelAddress = { tenantId: "acme", name: "chat:1" };
/** Addresses that must never meet, however alike they look. */
export const ALIKE: readonly ChannelAddress[] = [
  CHANNEL,
  { tenantId: "acme2", name: "chat:1" },
  { tenantId: "ACME", name: "chat:1" },
  { tenantId: "acme", name: "chat:1", userId: "1" },
  { tenantId: "acme", name: "chat", userId: "1" },
  { tenantId: "acme", name: "chat:1", userId: "chat:1" },
  { tenantId: "acme", name: "chat:1/1" },
  { tenantId: "acme", name: "chat:1:1" },
  { tenantId: "acme", name: "acme/chat:1" },
  { tenantId: "acme.chat", name: "1" },
];

const change = (address: ChannelAddress, socketId: string): PresenceChange => ({
  type: "presence",
  address,
  joined: [{ socketId, userId: "ann", joinedAt: 1 }],
  left: [],
  updated: [],
});

export const deliveryCases: readonly BrokerCaseGroup[] = [
  {
    cases: {
      "delivers a publication to the publisher's own node, whole, with its position": async (subject) => {
        const { broker, log } = await startNode(subject);
        await broker.subscribe(CHANNEL);
        const sender = { userId: "ann", socketId: "s1" };
        const sent = draft(subject, { n: 1, text: "żółw 🐢", none: null }, { sender, source: "rest", event: "e" });
        const published = await broker.publish(CHANNEL, sent, { keep: KEEP });
        await log.reaches(1);
        same(log.publications, [{ type: "publication", address: CHANNEL, ...sent, ...published }], "what arrived");
        check(published.id !== "", "it has an id");
        same(published.position?.offset, 1, "the first publication's offset");
      },
      "delivers in the order of positions, without a hole, also when publishing concurrently": async (subject) => {
        const { broker, log } = await startNode(subject);
        await broker.subscribe(CHANNEL);
        const results = await Promise.all(
          Array.from({ length: 50 }, (_, n) => broker.publish(CHANNEL, draft(subject, n), { keep: KEEP })),
        );
        await log.reaches(50);
        const offsets = log.publications.map(({ position }) => position?.offset);
        same(
          offsets,
          Array.from({ length: 50 }, (_, n) => n + 1),
          "offsets as delivered",
        );
        same(new Set(results.map(({ position }) => position?.epoch)).size, 1, "epochs");
        same(new Set(results.map(({ id }) => id)).size, 50, "distinct ids");
        for (const [n, { id, position }] of results.entries()) {
          const arrived = log.publications[(position?.offset ?? 0) - 1];
          same([arrived?.id, arrived?.data], [id, n], "the publication at the position that was told");
        }
      },
      "has the publication in the log when publish resolves": async (subject) => {
        const { broker } = await startNode(subject);
        for (let n = 1; n <= 3; n++) {
          const { position } = await broker.publish(CHANNEL, draft(subject, n), { keep: KEEP });
          const page = await broker.history(CHANNEL, KEEP, { limit: 10 });
          same([page.position, page.events.at(-1)?.data], [position, n], "the top of the log");
        }
      },
      "answers with no history that it has not announced before to the node, when that subscribes": async (subject) => {
        const publisher = await startNode(subject, "node-1");
        const { broker, log } = subject.nodes < 2 ? publisher : await startNode(subject, "node-2");
        await publisher.broker.publish(CHANNEL, draft(subject, 0), { keep: KEEP });
        await broker.subscribe(CHANNEL);
        const { position: since } = await broker.history(CHANNEL, KEEP, { limit: 0 });
        const sent = Array.from({ length: 50 }, (_, n) => n + 1);
        for (const n of sent) {
          const publishing = publisher.broker.publish(CHANNEL, draft(subject, n), { keep: KEEP });
          const { events, position } = await broker.history(CHANNEL, KEEP, { limit: 100, since });
          const announced = log.data.slice(0, position.offset - since.offset);
          same(
            announced,
            events.map(({ data }) => data),
            `what was announced before the answer at ${position.offset}`,
          );
          await publishing;
        }
        await log.reaches(sent.length);
        await subject.settle();
        same(log.data, sent, "what was announced, once");
      },
      "delivers without history too, and then gives no position": async (subject) => {
        const { broker, log } = await startNode(subject);
        await broker.subscribe(CHANNEL);
        const published = await broker.publish(CHANNEL, draft(subject, 1), { keep: false });
        same(published.position, undefined, "position");
        await log.reaches(1);
        same([log.publications[0]?.id, log.publications[0]?.position], [published.id, undefined], "what arrived");
      },
      "delivers nothing for an address that the node does not subscribe to": async (subject) => {
        const { broker, log } = await startNode(subject);
        const marker = { tenantId: "acme", name: "marker" };
        await broker.subscribe(marker);
        await broker.publish(CHANNEL, draft(subject, "unheard"), { keep: KEEP });
        await broker.signal(CHANNEL, change(CHANNEL, "s1"));
        await broker.publish(marker, draft(subject, "heard"), { keep: KEEP });
        await log.reaches(1);
        await subject.settle();
        same([log.data, log.signals], [["heard"], []], "what arrived");
      },
      "stops with the last release of several subscriptions, and each release counts once": async (subject) => {
        const { broker, log } = await startNode(subject);
        const first = await broker.subscribe(CHANNEL);
        const second = await broker.subscribe(CHANNEL);
        first();
        first();
        await subject.settle();
        await broker.publish(CHANNEL, draft(subject, 1), { keep: KEEP });
        await log.reaches(1);
        second();
        await subject.settle();
        await broker.publish(CHANNEL, draft(subject, 2), { keep: KEEP });
        await subject.settle();
        same(log.data, [1], "what arrived");
        await broker.subscribe(CHANNEL);
        await broker.publish(CHANNEL, draft(subject, 3), { keep: KEEP });
        await log.reaches(2);
        same(log.data, [1, 3], "after subscribing again");
      },
      "does not lose a subscription that begins while another is released": async (subject) => {
        const { broker, log } = await startNode(subject);
        for (let n = 1; n <= 10; n++) {
          const release = await broker.subscribe(CHANNEL);
          release();
          const again = await broker.subscribe(CHANNEL);
          await broker.publish(CHANNEL, draft(subject, n), { keep: KEEP });
          await log.reaches(n);
          again();
        }
      },
      "never mixes addresses up: tenants, cases, individual and shared ones": async (subject) => {
        const { broker, log } = await startNode(subject);
        for (const address of ALIKE) await broker.subscribe(address);
        for (const [n, address] of ALIKE.entries()) {
          const published = await broker.publish(address, draft(subject, n), { keep: KEEP });
          same(published.position?.offset, 1, `the offset of ${JSON.stringify(address)}`);
        }
        await log.reaches(ALIKE.length);
        for (const { address, data } of log.publications) same(address, ALIKE[data as number], "where it arrived");
        for (const [n, address] of ALIKE.entries()) {
          const page = await broker.history(address, KEEP, { limit: 10 });
          same(
            page.events.map(({ data }) => data),
            [n],
            `the log of ${JSON.stringify(address)}`,
          );
        }
      },
      "releases one address without touching another that looks like it": async (subject) => {
        const { broker, log } = await startNode(subject);
        const releases = await Promise.all(ALIKE.map((address) => broker.subscribe(address)));
        for (const [n, release] of releases.entries()) if (n > 0) release();
        await subject.settle();
        for (const [n, address] of ALIKE.entries()) await broker.publish(address, draft(subject, n), { keep: false });
        await log.reaches(1);
        await subject.settle();
        same(log.data, [0], "what arrived");
      },
      "tells a signal to its subscribers, in order, and keeps it nowhere": async (subject) => {
        const { broker, log } = await startNode(subject);
        await broker.signal(CHANNEL, change(CHANNEL, "before"));
        await broker.subscribe(CHANNEL);
        for (const id of ["s1", "s2", "s3"]) await broker.signal(CHANNEL, change(CHANNEL, id));
        await until(() => log.signals.length >= 3, "three signals");
        same(
          log.signals,
          ["s1", "s2", "s3"].map((id) => ({ address: CHANNEL, signal: change(CHANNEL, id) })),
          "signals",
        );
        same((await broker.history(CHANNEL, KEEP, { limit: 10 })).events, [], "the log");
      },
      "carries publications and signals between nodes in the same order": async (subject) => {
        const { broker: one, log: logOne } = await startNode(subject, "node-1");
        if (subject.nodes < 2) return;
        const { broker: two, log: logTwo } = await startNode(subject, "node-2");
        await Promise.all([one.subscribe(CHANNEL), two.subscribe(CHANNEL)]);
        await Promise.all(
          Array.from({ length: 40 }, (_, n) => (n % 2 ? one : two).publish(CHANNEL, draft(subject, n), { keep: KEEP })),
        );
        await Promise.all([logOne.reaches(40), logTwo.reaches(40)]);
        same(logTwo.publications, logOne.publications, "what the second node was told");
        await one.signal(CHANNEL, change(CHANNEL, "s1"));
        await until(() => logOne.signals.length === 1 && logTwo.signals.length === 1, "the signal at both nodes");
      },
    },
  },
];

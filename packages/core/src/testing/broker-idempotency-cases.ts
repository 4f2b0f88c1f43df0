import { CHANNEL, KEEP, type BrokerCaseGroup } from "./broker-delivery-cases.ts";
import { draft, startNode } from "./broker-subject.ts";
import type { Keep } from "../broker.ts";
import { check, rejects, same } from "./cases.ts";

const WINDOW_MS = 5 * 60 * 1000;

function once(keep: Keep | false, sender = "user:ann", key = "k1") {
  return { keep, idempotency: { key, sender } };
}

export const idempotencyCases: readonly BrokerCaseGroup[] = [
  {
    cases: {
      "publishes a key once, and gives both callers the first result": async (subject) => {
        const { broker, log } = await startNode(subject);
        await broker.subscribe(CHANNEL);
        const first = await broker.publish(CHANNEL, draft(subject, { n: 1 }), once(KEEP));
        const again = await broker.publish(CHANNEL, draft(subject, { n: 1 }), once(KEEP));
        same(again, first, "the second result");
        same(first.id, "k1", "the id is the key");
        const next = await broker.publish(CHANNEL, draft(subject, { n: 2 }), once(KEEP, "user:ann", "k2"));
        same(next.position?.offset, 2, "the next offset");
        await log.reaches(2);
        same(log.data, [{ n: 1 }, { n: 2 }], "what arrived");
      },
      "publishes a key once when it comes many times at once": async (subject) => {
        const { broker, log } = await startNode(subject);
        await broker.subscribe(CHANNEL);
        const results = await Promise.all(
          Array.from({ length: 20 }, () => broker.publish(CHANNEL, draft(subject, "same"), once(KEEP))),
        );
        same(new Set(results.map((result) => JSON.stringify(result))).size, 1, "distinct results");
        await log.reaches(1);
        await subject.settle();
        same(log.data, ["same"], "what arrived");
      },
      "works without history": async (subject) => {
        const { broker, log } = await startNode(subject);
        await broker.subscribe(CHANNEL);
        const first = await broker.publish(CHANNEL, draft(subject, 1), once(false));
        same(await broker.publish(CHANNEL, draft(subject, 1), once(false)), first, "the second result");
        await rejects(broker.publish(CHANNEL, draft(subject, 2), once(false)), ["CONFLICT"], "other content");
        await log.reaches(1);
        await subject.settle();
        same(log.data, [1], "what arrived");
      },
      "refuses a key with other content, and publishes nothing then": async (subject) => {
        const { broker, log } = await startNode(subject);
        await broker.subscribe(CHANNEL);
        const first = await broker.publish(CHANNEL, draft(subject, { n: 1 }), once(KEEP));
        await rejects(broker.publish(CHANNEL, draft(subject, { n: 2 }), once(KEEP)), ["CONFLICT"], "other data");
        const otherEvent = draft(subject, { n: 1 }, { event: "other" });
        await rejects(broker.publish(CHANNEL, otherEvent, once(KEEP)), ["CONFLICT"], "another event");
        await log.reaches(1);
        await subject.settle();
        const { position } = await broker.history(CHANNEL, KEEP, { limit: 10 });
        same([log.data, position], [[{ n: 1 }], first.position], "what was published");
      },
      "tells other content by the digest that it was given": async (subject) => {
        const { broker, log } = await startNode(subject);
        await broker.subscribe(CHANNEL);
        const said = (digest: string) => ({ keep: KEEP, idempotency: { key: "k1", sender: "user:ann", digest } });
        const first = await broker.publish(CHANNEL, draft(subject, { made: 1 }), said("5:a"));
        same(await broker.publish(CHANNEL, draft(subject, { made: 2 }), said("5:a")), first, "the second result");
        await rejects(
          broker.publish(CHANNEL, draft(subject, { made: 1 }), said("5:b")),
          ["CONFLICT"],
          "another digest",
        );
        await log.reaches(1);
        await subject.settle();
        same(log.data, [{ made: 1 }], "what arrived");
      },
      "scopes a key to its tenant, its channel and its owner": async (subject) => {
        const { broker } = await startNode(subject);
        const first = await broker.publish(CHANNEL, draft(subject, "mine"), once(KEEP));
        const others = [
          { ...CHANNEL, tenantId: "other" },
          { ...CHANNEL, name: "chat:2" },
          { ...CHANNEL, userId: "ann" },
        ];
        for (const address of others) {
          const published = await broker.publish(address, draft(subject, "another's"), once(KEEP));
          same(published.position?.offset, 1, `the offset of ${JSON.stringify(address)}`);
          check(published.position?.epoch !== first.position?.epoch, "each channel has its epoch");
        }
      },
      "gives another sender that guessed the key a publication of its own": async (subject) => {
        const { broker, log } = await startNode(subject);
        await broker.subscribe(CHANNEL);
        const mine = await broker.publish(CHANNEL, draft(subject, "mine"), once(KEEP, "user:ann"));
        const theirs = await broker.publish(CHANNEL, draft(subject, "theirs"), once(KEEP, "user:eve"));
        check(theirs.id !== mine.id, "ids are unique in the channel");
        same(theirs.position?.offset, 2, "the second offset");
        same(await broker.publish(CHANNEL, draft(subject, "mine"), once(KEEP, "user:ann")), mine, "my retry");
        same(await broker.publish(CHANNEL, draft(subject, "theirs"), once(KEEP, "user:eve")), theirs, "their retry");
        await log.reaches(2);
        same(log.data, ["mine", "theirs"], "what arrived");
      },
      "does not mix up senders and keys that look alike": async (subject) => {
        const { broker } = await startNode(subject);
        const pairs = [
          ["a", "b:c"],
          ["a:b", "c"],
          ["user:a", "b.c"],
          ["user", "a:b.c"],
          ["a/b", "c"],
          ["a", "c"],
        ] as const;
        for (const [n, [sender, key]] of pairs.entries()) {
          const { position } = await broker.publish(CHANNEL, draft(subject, n), once(KEEP, sender, key));
          same(position?.offset, n + 1, `the offset for ${sender} and ${key}`);
        }
      },
      "gives ids of its own that no key can take in advance": async (subject) => {
        const { broker } = await startNode(subject);
        const { id } = await broker.publish(CHANNEL, draft(subject, 1), { keep: KEEP });
        check(!/^[A-Za-z0-9_.:-]{1,64}$/.test(id), `a client could give ${id} as its key`);
      },
    },
  },
  {
    needsMs: WINDOW_MS,
    cases: {
      "remembers a key for five minutes, also when its event has aged": async (subject) => {
        const { broker } = await startNode(subject);
        const keep = { size: 1, seconds: 1 };
        const first = await broker.publish(CHANNEL, draft(subject, "a"), once(keep));
        await subject.advance(WINDOW_MS - 1);
        same(await broker.publish(CHANNEL, draft(subject, "a"), once(keep)), first, "the result at 299.999 s");
        await subject.advance(1);
        const second = await broker.publish(CHANNEL, draft(subject, "b"), once(keep));
        same(second.position?.offset, 2, "the offset at 300 s");
      },
    },
  },
];

import type { BrokerCaseGroup } from "./broker-delivery-cases.ts";
import { CHANNEL, KEEP } from "./broker-delivery-cases.ts";
import { draft, startNode, type BrokerSubject } from "./broker-subject.ts";
import { AUDIT_SETTINGS, auditOf } from "../audit.ts";
import type { Broker, Keep } from "../broker.ts";
import { check, rejects, same } from "./cases.ts";

const HOUR_MS = 60 * 60 * 1000;
/** Short enough for a subject whose time is real. */
const SHORT: Keep = { size: 100, seconds: 2 };

const AUDIT_KEEP = AUDIT_SETTINGS.keep as Keep;

async function fill(subject: BrokerSubject, broker: Broker, count: number, keep: Keep): Promise<void> {
  for (let n = 1; n <= count; n++) await broker.publish(CHANNEL, draft(subject, n), { keep });
}

async function kept(
  broker: Broker,
  keep: Keep,
  since?: { epoch: string; offset: number },
): Promise<readonly unknown[]> {
  const page = await broker.history(CHANNEL, keep, since === undefined ? { limit: 1000 } : { limit: 1000, since });
  return page.events.map(({ data }) => data);
}

export const logCases: readonly BrokerCaseGroup[] = [
  {
    needsMs: SHORT.seconds * 1000,
    cases: {
      "has a channel that was never published to stand at offset 0 of an epoch that stays": async (subject) => {
        const { broker } = await startNode(subject);
        const { position, events } = await broker.history(CHANNEL, KEEP, { limit: 10 });
        same([position.offset, events], [0, []], "an empty log");
        const again = await broker.history(CHANNEL, KEEP, { limit: 10, since: position });
        same([again.position, again.complete], [position, true], "since its top");
        const first = await broker.publish(CHANNEL, draft(subject, 1), { keep: KEEP });
        same(first.position, { epoch: position.epoch, offset: 1 }, "the first position");
        const page = await broker.history(CHANNEL, KEEP, { limit: 10, since: position });
        same([page.complete, page.events.length], [true, 1], "since offset 0");
      },
      "reads the newest of a log, oldest first, and with since the oldest after it": async (subject) => {
        const { broker } = await startNode(subject);
        await fill(subject, broker, 10, KEEP);
        const { events, position } = await broker.history(CHANNEL, KEEP, { limit: 3 });
        same([events.map(({ data }) => data), position.offset], [[8, 9, 10], 10], "the newest three");
        same((await broker.history(CHANNEL, KEEP, { limit: 0 })).events, [], "none, where none is asked for");
        const page = await broker.history(CHANNEL, KEEP, { limit: 3, since: { ...position, offset: 4 } });
        same([page.events.map(({ data }) => data), page.complete], [[5, 6, 7], true], "three after 4");
        same(page.position, position, "the position is the top, whatever was read");
        const whole = await broker.history(CHANNEL, KEEP, { limit: 100, since: { ...position, offset: 0 } });
        same(
          whole.events.map((event) => event.position?.offset),
          [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
          "offsets",
        );
      },
      "keeps as many events as it is told to, the newest": async (subject) => {
        const { broker } = await startNode(subject);
        const keep = { size: 5, seconds: 300 };
        await fill(subject, broker, 12, keep);
        same(await kept(broker, keep), [8, 9, 10, 11, 12], "the log");
      },
      "says that it is complete exactly when the epochs match and it still reaches the next one": async (subject) => {
        const { broker } = await startNode(subject);
        const keep = { size: 5, seconds: 300 };
        await fill(subject, broker, 12, keep);
        const { position } = await broker.history(CHANNEL, keep, { limit: 0 });
        for (let offset = 0; offset <= 14; offset++) {
          const page = await broker.history(CHANNEL, keep, { limit: 100, since: { ...position, offset } });
          same(page.complete, offset >= 7 && offset <= 12, `complete since ${offset}`);
          if (page.complete) same(page.events.length, 12 - offset, `events since ${offset}`);
          const other = await broker.history(CHANNEL, keep, { limit: 100, since: { epoch: "other", offset } });
          same([other.complete, other.position], [false, position], `another epoch's ${offset}`);
        }
      },
      "forgets events by their age, and stands where it stood": async (subject) => {
        const { broker } = await startNode(subject);
        await fill(subject, broker, 2, SHORT);
        const { position } = await broker.history(CHANNEL, SHORT, { limit: 0 });
        await subject.advance(SHORT.seconds * 1000);
        const page = await broker.history(CHANNEL, SHORT, { limit: 10, since: { ...position, offset: 1 } });
        same([page.events, page.position, page.complete], [[], position, false], "the aged log");
        same((await broker.history(CHANNEL, SHORT, { limit: 10, since: position })).complete, true, "since its top");
        const next = await broker.publish(CHANNEL, draft(subject, 3), { keep: SHORT });
        same(next.position, { ...position, offset: 3 }, "the next position");
      },
      "gives no log of a publication without history": async (subject) => {
        const { broker } = await startNode(subject);
        await broker.publish(CHANNEL, draft(subject, 1), { keep: false });
        same((await broker.history(CHANNEL, KEEP, { limit: 10 })).events, [], "the log");
      },
      "gives what it was given: any JSON, as it was then": async (subject) => {
        const { broker } = await startNode(subject);
        const values = [null, true, 0, -1.5, 1e300, "", "\u2028\u0000\ud83d\ude00", [], {}, [[[{ a: [null] }]]]];
        const keys = JSON.parse('{"__proto__":{"a":1},"constructor":2,"toString":"x","":3}') as unknown;
        for (const data of [...values, keys]) await broker.publish(CHANNEL, draft(subject, data), { keep: KEEP });
        const events = await kept(broker, KEEP);
        same(JSON.stringify(events), JSON.stringify([...values, keys]), "the data");
      },
    },
  },
  {
    needsMs: 300_000,
    cases: {
      "keeps an event for less than its seconds, and not at them": async (subject) => {
        const { broker } = await startNode(subject);
        await fill(subject, broker, 1, KEEP);
        await subject.advance(299_999);
        same(await kept(broker, KEEP), [1], "at 299.999 s");
        await subject.advance(1);
        same(await kept(broker, KEEP), [], "at 300 s");
      },
    },
  },
  {
    needsMs: 25 * HOUR_MS,
    cases: {
      "remembers epoch and offset for 24 hours after the log has aged": async (subject) => {
        const { broker } = await startNode(subject);
        await fill(subject, broker, 3, SHORT);
        const { position } = await broker.history(CHANNEL, SHORT, { limit: 0 });
        await subject.advance(SHORT.seconds * 1000 + 24 * HOUR_MS - 1);
        const page = await broker.history(CHANNEL, SHORT, { limit: 10, since: position });
        same([page.position, page.complete, page.events], [position, true, []], "just within the day");
      },
      "keeps epoch and offset as long as a node subscribes": async (subject) => {
        const { broker } = await startNode(subject);
        await broker.subscribe(CHANNEL);
        await fill(subject, broker, 3, SHORT);
        const { position } = await broker.history(CHANNEL, SHORT, { limit: 0 });
        for (let hours = 0; hours < 75; hours += 25) await subject.advance(25 * HOUR_MS);
        const page = await broker.history(CHANNEL, SHORT, { limit: 10, since: position });
        same([page.position, page.complete], [position, true], "after three days");
      },
    },
  },
  {
    limits: { historyBytesPerChannel: 10_000, historyBytesPerTenant: 30_000 },
    cases: {
      "bounds the bytes of a channel, dropping the oldest": async (subject) => {
        const { broker } = await startNode(subject);
        const text = "x".repeat(3000);
        for (let n = 1; n <= 10; n++) await broker.publish(CHANNEL, draft(subject, { n, text }), { keep: KEEP });
        const { events, position } = await broker.history(CHANNEL, KEEP, { limit: 100 });
        const bytes = JSON.stringify(events.map(({ data }) => data)).length;
        check(events.length >= 1 && bytes <= 10_000, `${events.length} events of ${bytes} bytes are kept`);
        same([position.offset, events.at(-1)?.position?.offset], [10, 10], "the newest is kept");
      },
      "stands where it stands when one event alone is over the bound": async (subject) => {
        const { broker, log } = await startNode(subject);
        await broker.subscribe(CHANNEL);
        const { position } = await broker.publish(CHANNEL, draft(subject, "x".repeat(20_000)), { keep: KEEP });
        await log.reaches(1);
        const page = await broker.history(CHANNEL, KEEP, { limit: 10 });
        same([page.events, page.position], [[], position], "the log");
      },
      "bounds the bytes of a tenant over its channels, and no other tenant's": async (subject) => {
        const { broker } = await startNode(subject);
        const quiet = { tenantId: "other", name: "chat:1" };
        await broker.publish(quiet, draft(subject, "x".repeat(3000)), { keep: KEEP });
        let bytes = 0;
        for (let n = 0; n < 20; n++) {
          await broker.publish({ tenantId: "acme", name: `c${n}` }, draft(subject, "x".repeat(4000)), { keep: KEEP });
        }
        for (let n = 0; n < 20; n++) {
          const { events } = await broker.history({ tenantId: "acme", name: `c${n}` }, KEEP, { limit: 10 });
          bytes += JSON.stringify(events.map(({ data }) => data)).length;
          if (n === 19) same(events.length, 1, "the newest is kept");
        }
        check(bytes <= 30_000, `${bytes} bytes are kept for the tenant`);
        same((await broker.history(quiet, KEEP, { limit: 10 })).events.length, 1, "the other tenant's log");
      },
      "keeps what is written down of a tenant, however much its clients publish": async (subject) => {
        const { broker } = await startNode(subject);
        const audit = auditOf("acme");
        await broker.publish(audit, draft(subject, "done"), { keep: AUDIT_KEEP });
        for (let n = 0; n < 20; n++) {
          await broker.publish({ tenantId: "acme", name: `c${n}` }, draft(subject, "x".repeat(4000)), { keep: KEEP });
        }
        same((await broker.history(audit, AUDIT_KEEP, { limit: 10 })).events.length, 1, "what was written down");
      },
    },
  },
  {
    limits: { channelsPerTenant: 3 },
    cases: {
      "bounds the channels of a tenant, and no other tenant's": async (subject) => {
        const { broker } = await startNode(subject);
        const publish = (tenantId: string, name: string) =>
          broker.publish({ tenantId, name }, draft(subject, 1), { keep: KEEP });
        for (const name of ["a", "b", "c"]) await publish("acme", name);
        const error = await rejects(publish("acme", "d"), ["LIMIT_REACHED"], "the fourth channel");
        same(error.details?.["limit"], "channelsPerTenant", "the limit's name");
        await publish("other", "d");
        same((await publish("acme", "a")).position?.offset, 2, "a channel that is there goes on");
        const written = await broker.publish(auditOf("acme"), draft(subject, "done"), { keep: AUDIT_KEEP });
        same(written.position?.offset, 1, "what is written down of the tenant");
      },
    },
  },
];

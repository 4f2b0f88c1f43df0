import { SignJWT } from "jose";
import { setTimeout as delay } from "node:timers/promises";
import { Actor } from "./actor.ts";
import { check, type History, type LogRecord, type RosterRecord, type Violation } from "./checker.ts";
import { Cluster } from "./cluster.ts";
import { Injector } from "./injector.ts";
import { Random } from "./random.ts";
import { CHANNELS, CLIENTS, schedule, TENANTS, type FaultKind, type Step } from "./schedule.ts";

const SECRET = "a secret that guards nothing but fault runs";
/** Within this of the last fault, everybody sees everybody. */
const PRESENCE_MS = 20_000;
/** Within this of its publication, the last event is everywhere: positions are compared every 15 s. */
const LAST_EVENT_MS = 30_000;
const START_MS = 30_000;

export interface FaultRunOptions {
  readonly seed: number;
  readonly seconds: number;
  /** The built `node-host`. */
  readonly nodeFile: string;
  /** What happened: faults, and what nodes write. */
  readonly wrote?: (line: string) => void;
  /** Called about every second. */
  readonly progress?: (state: { readonly second: number; readonly published: number; readonly faults: number }) => void;
  readonly signal?: AbortSignal;
}

export interface FaultRunResult {
  readonly history: History;
  readonly faults: ReadonlyMap<FaultKind, number>;
  readonly reconnects: number;
  readonly violations: readonly Violation[];
}

/** Does all that the seed's schedule says, waits until all is well again, and checks what everybody saw. */
export async function faultRun(options: FaultRunOptions): Promise<FaultRunResult> {
  const startedAt = Date.now();
  const wrote = (line: string): void => options.wrote?.(`${((Date.now() - startedAt) / 1000).toFixed(3)} ${line}`);
  const cluster = await Cluster.start({ nodeFile: options.nodeFile, secret: SECRET, wrote });
  const actors: Actor[] = [];
  const probes: Actor[] = [];
  try {
    await until(() => cluster.ready, START_MS, "the nodes do not start", options.signal);
    const random = new Random(options.seed ^ 0x8);
    for (let at = 0; at < CLIENTS; at++) {
      const tenant = TENANTS[at % TENANTS.length] as string;
      const actor = await newActor(`client-${at}`, tenant, "client", () => cluster.anyPort(random), random);
      actors.push(actor);
      // Most channels are read from the beginning.
      for (const { name } of CHANNELS) if (random.chance(0.7)) actor.toggle(name);
    }
    const injector = new Injector({ cluster, actors, wrote });
    await play(options, actors, injector);
    await injector.mended();
    wrote("all is mended");
    await until(() => cluster.ready, START_MS, "a node does not come back", options.signal);
    for (const [at, node] of cluster.nodes.entries()) {
      for (const tenant of TENANTS) {
        probes.push(await newActor(`probe-${at}`, tenant, "service", () => node.port, random));
      }
    }
    const rosters = await converged(actors, probes, injector.mendedAt + PRESENCE_MS);
    wrote("presence was looked at");
    await settled(actors, probes);
    wrote("the last events were looked at");
    for (const actor of actors) actor.finish();
    const history: History = {
      publications: [...actors, ...probes].flatMap(({ publications }) => publications),
      listeners: actors.flatMap(({ listeners }) => listeners),
      logs: await logs(probes),
      losses: cluster.losses,
      rosters,
    };
    const reconnects = actors.reduce((sum, actor) => sum + actor.reconnects, 0);
    return { history, faults: injector.injected, reconnects, violations: check(history) };
  } finally {
    for (const actor of [...actors, ...probes]) await actor.close();
    await cluster.close();
  }
}

async function newActor(
  name: string,
  tenant: string,
  role: string,
  target: () => number | undefined,
  random: Random,
): Promise<Actor> {
  const token = await new SignJWT({ tenantId: tenant, permissions: [role] })
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(name)
    .setIssuedAt()
    .setExpirationTime("1d")
    .sign(new TextEncoder().encode(SECRET));
  const actor = new Actor({ name, tenant, token, target, random: new Random(random.between(0, 2 ** 31)) });
  await actor.start();
  return actor;
}

async function play(options: FaultRunOptions, actors: readonly Actor[], injector: Injector): Promise<void> {
  const { seed, seconds, progress, signal } = options;
  const startedAt = Date.now();
  let second = 0;
  for (const step of schedule(seed, seconds)) {
    const wait = step.at - (Date.now() - startedAt);
    if (wait > 0) await delay(wait, undefined, signal === undefined ? {} : { signal });
    if (Math.floor(step.at / 1000) > second) {
      second = Math.floor(step.at / 1000);
      const published = actors.reduce((sum, { publications }) => sum + publications.length, 0);
      progress?.({ second, published, faults: [...injector.injected.values()].reduce((sum, one) => sum + one, 0) });
    }
    perform(step, actors, injector);
  }
}

function perform(step: Step, actors: readonly Actor[], injector: Injector): void {
  if (step.kind === "fault") {
    injector.inject(step);
    return;
  }
  const actor = actors[step.client];
  const channel = CHANNELS[step.channel]?.name;
  if (actor === undefined || channel === undefined) return;
  if (step.kind === "toggle") actor.toggle(channel);
  // The server takes publications of a channel from its readers only.
  else if (actor.channels.includes(channel)) for (let at = 0; at < step.count; at++) void actor.publish(channel);
}

/** Who is seen in each channel by each node; as soon as all is right, or when the time is up. */
async function converged(
  actors: readonly Actor[],
  probes: readonly Actor[],
  deadline: number,
): Promise<readonly RosterRecord[]> {
  for (;;) {
    const rosters = await Promise.all(
      probes.flatMap((probe) => CHANNELS.map(async ({ name }) => await roster(actors, probe, name))),
    );
    if (Date.now() > deadline || rosters.every(({ expected, found }) => same(expected, found))) return rosters;
    await delay(200);
  }
}

async function roster(actors: readonly Actor[], probe: Actor, channel: string): Promise<RosterRecord> {
  const { tenant, name: by } = probe;
  const members = await probe.client.socketClient.members(channel).catch(() => []);
  const found = members.map(({ userId, socketId }) => `${userId}/${socketId}`);
  const expected = actors
    .filter((actor) => actor.tenant === tenant && actor.memberships.includes(channel))
    .map(({ name, socketId }) => `${name}/${socketId ?? "not connected"}`);
  return { by, tenant, channel, expected, found };
}

function same(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((one) => others.includes(one));
}

/** Publishes until everybody who reads a channel with history has its last event, or the time is up. */
async function settled(actors: readonly Actor[], probes: readonly Actor[]): Promise<void> {
  const all = [...actors, ...probes];
  const deadline = Date.now() + LAST_EVENT_MS;
  const open = (): boolean => all.some(({ publications }) => publications.some(({ outcome }) => outcome === "open"));
  while (open() && Date.now() < deadline) await delay(50);
  for (;;) {
    await Promise.all(probes.flatMap((probe) => CHANNELS.map(({ name }) => probe.publish(name))));
    const next = Date.now() + 1000;
    while (Date.now() < next) {
      if (haveLast(actors, probes)) return;
      await delay(50);
    }
    // Once more: who had only just asked to read has not missed what came before.
    if (Date.now() > deadline) return;
  }
}

function haveLast(actors: readonly Actor[], probes: readonly Actor[]): boolean {
  const tops = new Map<string, number>();
  for (const { tenant, publications } of probes) {
    for (const { channel, position } of publications) {
      const key = `${tenant}/${channel}`;
      if (position !== undefined) tops.set(key, Math.max(tops.get(key) ?? 0, position.offset));
    }
  }
  return actors.every((actor) =>
    actor.channels.every((channel) => {
      const top = tops.get(`${actor.tenant}/${channel}`);
      return top === undefined || (actor.position(channel)?.offset ?? 0) >= top;
    }),
  );
}

/** The logs of all channels with history, whole. */
async function logs(probes: readonly Actor[]): Promise<readonly LogRecord[]> {
  const read: LogRecord[] = [];
  for (const tenant of TENANTS) {
    const probe = probes.find((one) => one.tenant === tenant);
    for (const { name: channel, keeping } of CHANNELS) {
      if (probe === undefined || keeping === "nothing") continue;
      const { position } = await probe.client.socketClient.history(channel, { limit: 1 });
      if (position === undefined) throw new Error(`${channel} has no history`);
      const entries: { readonly key: string; readonly offset: number }[] = [];
      let offset = 0;
      while (offset < position.offset) {
        const since = { epoch: position.epoch, offset };
        const page = await probe.client.socketClient.history(channel, { limit: 1000, since });
        for (const event of page.events) {
          offset = event.position?.offset ?? Infinity;
          entries.push({ key: (event.payload as { readonly key: string }).key, offset });
        }
        if (page.events.length === 0) break;
      }
      read.push({ tenant, channel, position, entries, keepsAll: keeping === "all" });
    }
  }
  return read;
}

async function until(condition: () => boolean, ms: number, what: string, signal?: AbortSignal): Promise<void> {
  for (const end = Date.now() + ms; !condition();) {
    if (Date.now() > end) throw new Error(`Waited in vain: ${what}`);
    await delay(20, undefined, signal === undefined ? {} : { signal });
  }
}

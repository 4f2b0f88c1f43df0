import { Admissions } from "./admission.ts";
import { isChannelContract, type ChannelRule } from "@roomcast/protocol";
import type { Clock } from "./clock.ts";
import { Deadlines } from "./deadlines.ts";
import { Directory } from "./directory.ts";
import { EventChecks } from "./event-checks.ts";
import type { GatewayOptions } from "./gateway.ts";
import { Hooks } from "./hooks.ts";
import { Hub } from "./hub.ts";
import { Journal } from "./insight/journal.ts";
import type { Limits } from "./limits.ts";
import { MemoryBroker } from "./memory-broker.ts";
import { MemoryPresenceStore } from "./memory-presence.ts";
import { MemoryRevocations } from "./memory-revocations.ts";
import { Messenger } from "./messenger.ts";
import type { Observer } from "./observer.ts";
import type { ChannelPolicy } from "./policy.ts";
import { PresenceWindows } from "./presence-window.ts";
import { Publisher } from "./publisher.ts";
import { Roster } from "./roster.ts";
import { ChannelRules } from "./rules.ts";
import type { Services } from "./services.ts";
import type { Traffic } from "./stats/traffic.ts";

interface Node {
  readonly nodeId: string;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly observer: Observer;
  readonly traffic: Traffic;
}

/** Makes the parts of a node: what the options bring, and one node's memory for what they do not. */
export function assemble(options: GatewayOptions, node: Node): { services: Services; admissions: Admissions } {
  const { clock, limits, observer } = node;
  const { auth, channels, direct = "authenticated", recheckSeconds = 300 } = options;
  const broker = options.broker ?? new MemoryBroker({ clock, limits });
  const presence = options.presence ?? new MemoryPresenceStore();
  const revocations = options.revocations ?? new MemoryRevocations({ clock });
  const makeHooks = (): Hooks =>
    new Hooks({
      clock,
      concurrent: limits.concurrentHooks,
      failed: (where, error) => observer.failed?.(where, error),
    });
  // Rule functions and schemas that hang keep nobody from logging in, nor the other way round.
  const hooks = makeHooks();
  const policy = isPolicy(channels)
    ? channels
    : new ChannelRules({ rules: rulesOf(channels), auth, revocations, hooks: makeHooks() });
  const checks = new EventChecks({ hooks: makeHooks(), jsonDepth: limits.jsonDepth });
  const windows = new PresenceWindows({ clock, broker, observer });
  const directory = new Directory({ clock, limits });
  const journal = new Journal(node);
  const admissions = new Admissions(
    { hooks, auth, revocations, limits, presence, clock, observer, journal },
    options.arriving,
  );
  const parts = { ...node, broker, presence, policy, checks, windows, directory };
  const hub = new Hub(parts);
  const services: Services = {
    ...parts,
    auth,
    hooks,
    revocations,
    direct,
    recheckMs: recheckSeconds * 1000,
    deadlines: new Deadlines(clock),
    hub,
    roster: new Roster({ ...parts, store: presence }),
    publisher: new Publisher({ ...parts, hub }),
    messenger: new Messenger(parts),
    journal,
    admit: (credentials, origin) => admissions.admit(credentials, { origin }),
    identify: (credentials) => admissions.identify(credentials),
    followers: new Set(),
  };
  return { services, admissions };
}

/** The rules that options bring; none beside a policy of one's own. */
export function rulesOf(channels: GatewayOptions["channels"]): readonly ChannelRule[] {
  if (channels === undefined || isPolicy(channels)) return [];
  return isChannelContract(channels) ? channels.rules : channels;
}

function isPolicy(channels: GatewayOptions["channels"]): channels is ChannelPolicy {
  return channels !== undefined && "decide" in channels;
}

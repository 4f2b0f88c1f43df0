import type { ChannelAddress, Credentials } from "@roomcast/protocol";
import type { Admission, Identity } from "./admission.ts";
import type { Authenticator, Origin, Revocations } from "./auth.ts";
import type { Broker } from "./broker.ts";
import type { Clock } from "./clock.ts";
import type { Deadlines } from "./deadlines.ts";
import type { Directory } from "./directory.ts";
import type { Hooks } from "./hooks.ts";
import type { Hub } from "./hub.ts";
import type { Journal } from "./insight/journal.ts";
import type { Limits } from "./limits.ts";
import type { Observer } from "./observer.ts";
import type { ChannelPolicy } from "./policy.ts";
import type { PresenceStore } from "./presence.ts";
import type { PresenceWindows } from "./presence-window.ts";
import type { Messenger } from "./messenger.ts";
import type { Publisher } from "./publisher.ts";
import type { Roster } from "./roster.ts";
import type { Right } from "./rules.ts";
import type { Traffic } from "./stats/traffic.ts";

/** Something that a client began to follow. */
export interface Follow {
  readonly address: ChannelAddress;
  readonly dialect: string;
  readonly userId: string | null;
}

export type FollowListener = (follow: Follow) => void;

/** The parts of one node, made by the gateway and shared by its sessions. */
export interface Services {
  readonly nodeId: string;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly observer: Observer;
  readonly deadlines: Deadlines;
  readonly hooks: Hooks;
  readonly auth: Authenticator;
  readonly revocations: Revocations;
  readonly policy: ChannelPolicy;
  readonly direct: Right;
  readonly recheckMs: number;
  readonly broker: Broker;
  readonly presence: PresenceStore;
  readonly windows: PresenceWindows;
  readonly hub: Hub;
  readonly directory: Directory;
  readonly roster: Roster;
  readonly publisher: Publisher;
  readonly messenger: Messenger;
  readonly traffic: Traffic;
  readonly journal: Journal;
  /** Authenticates a connection and keeps a place for it. */
  readonly admit: (credentials: Credentials, origin?: Origin) => Promise<Admission>;
  /** Authenticates again for a session that runs: bounded, checked and not revoked. */
  readonly identify: (credentials: Credentials) => Promise<Identity>;
  /** Who wants to hear of what clients follow. */
  readonly followers: Set<FollowListener>;
}

/** The reserved channel of a tenant whose members are its sessions. */
export function sessionsOf(tenantId: string): ChannelAddress {
  return { tenantId, name: "@sessions" };
}

/** Whose channels are for the sessions of all tenants. No tenant is called so. */
export const EVERYBODY = "$";

/** Where a node hears what is for it alone. */
export function nodeAddress(nodeId: string): ChannelAddress {
  return { tenantId: EVERYBODY, name: `@node:${nodeId}` };
}

/** Where samples of whole nodes are told, and where those of a tenant. */
export const STATS_CLUSTER: ChannelAddress = { tenantId: EVERYBODY, name: "@cluster" };
export function statsOf(tenantId: string): ChannelAddress {
  return { tenantId, name: "@stats" };
}

/** Where all nodes hear what is for all. */
export const ALL_NODES: ChannelAddress = { tenantId: EVERYBODY, name: "@nodes" };

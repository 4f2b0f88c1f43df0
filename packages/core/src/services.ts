import type { ChannelAddress, Principal } from "@roomcast/protocol";
import type { Authenticator, Revocations } from "./auth.ts";
import type { Broker } from "./broker.ts";
import type { Clock } from "./clock.ts";
import type { Deadlines } from "./deadlines.ts";
import type { Directory } from "./directory.ts";
import type { Hooks } from "./hooks.ts";
import type { Hub } from "./hub.ts";
import type { Limits } from "./limits.ts";
import type { Observer } from "./observer.ts";
import type { ChannelPolicy } from "./policy.ts";
import type { PresenceStore } from "./presence.ts";
import type { PresenceWindows } from "./presence-window.ts";
import type { Messenger } from "./messenger.ts";
import type { Publisher } from "./publisher.ts";
import type { Roster } from "./roster.ts";
import type { Right } from "./rules.ts";

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
  /** Authenticates a token again for a session that runs: bounded, checked and not revoked. */
  readonly identify: (token: unknown) => Promise<Principal>;
}

/** The reserved channel of a tenant whose members are its sessions. */
export function sessionsOf(tenantId: string): ChannelAddress {
  return { tenantId, name: "@sessions" };
}

/** Where a node hears what is for it alone. No tenant is called `$`. */
export function nodeAddress(nodeId: string): ChannelAddress {
  return { tenantId: "$", name: nodeId };
}

/** Where all nodes hear what is for all. */
export const ALL_NODES: ChannelAddress = { tenantId: "$", name: "@nodes" };

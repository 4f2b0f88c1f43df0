/** Bounds of the engine. Names and defaults are public configuration. */
export interface Limits {
  /** Largest command, in bytes, measured before it is parsed. */
  readonly commandBytes: number;
  /** Over it the transport ends the link. */
  readonly transportBytes: number;
  /** Steady rate of one session; a user has four times as much over all of its sessions. */
  readonly commandsPerSecond: number;
  readonly commandBurst: number;
  /** Multiplies both rates for `service`, `admin` and `operator`. */
  readonly privilegedFactor: number;
  readonly subscriptionsPerSession: number;
  /** 0: no limit. */
  readonly connectionsPerUser: number;
  /** 0: no limit. */
  readonly connectionsPerTenant: number;
  readonly channelsPerTenant: number;
  readonly historyBytesPerChannel: number;
  readonly historyBytesPerTenant: number;
  readonly stateBytes: number;
  readonly jsonDepth: number;
  /** Most bytes that may wait for one connection. */
  readonly backlogBytes: number;
  readonly usersPerNotify: number;
  readonly handshakesPerSecondPerAddress: number;
  /** Links that have not authenticated yet. */
  readonly pendingConnections: number;
  readonly loginSeconds: number;
  /** Calls of authenticators and rule functions that may be under way at once. */
  readonly concurrentHooks: number;
  /** CONNECT packets that one link may send. */
  readonly connectPackets: number;
  /** Commands and bytes that may wait for the login of a session that logs in late. */
  readonly heldCommands: number;
  readonly heldBytes: number;
}

export const DEFAULT_LIMITS: Limits = {
  commandBytes: 65_536,
  transportBytes: 1_000_000,
  commandsPerSecond: 100,
  commandBurst: 200,
  privilegedFactor: 10,
  subscriptionsPerSession: 128,
  connectionsPerUser: 32,
  connectionsPerTenant: 0,
  channelsPerTenant: 100_000,
  historyBytesPerChannel: 1024 * 1024,
  historyBytesPerTenant: 256 * 1024 * 1024,
  stateBytes: 4096,
  jsonDepth: 32,
  backlogBytes: 1024 * 1024,
  usersPerNotify: 1000,
  handshakesPerSecondPerAddress: 100,
  pendingConnections: 1000,
  loginSeconds: 10,
  concurrentHooks: 64,
  connectPackets: 4,
  heldCommands: 32,
  heldBytes: 128 * 1024,
};

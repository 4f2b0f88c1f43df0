import { isReservedName } from "@roomcast/protocol";
import type { Directory } from "./directory.ts";
import type { MemberRecord } from "./presence.ts";
import type { Session } from "./session.ts";

/** A connection, as operators see it. */
export interface ConnectionInfo {
  readonly socketId: string;
  readonly userId: string | null;
  readonly dialect: string;
  readonly transport: string;
  /** The node that holds it. */
  readonly nodeId: string;
  /** The IP address that it comes from, as its binding tells; null where it tells none. */
  readonly address: string | null;
  /** Milliseconds since 1970. */
  readonly connectedAt: number;
  /** Names of the channels that it follows, as far as this node knows: none of a connection that another node holds. */
  readonly channels: readonly string[];
}

/** What other nodes know of a session: kept as its state in the channel `@sessions`. */
interface SessionState {
  readonly dialect: string;
  readonly transport: string;
  /** Absent where it is not known. */
  readonly address?: string;
}

/** An IPv4 address as a socket for both kinds tells it. */
const MAPPED = /^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i;

/** A session as a member of its tenant's channel `@sessions`. */
export function sessionRecord(session: Session, nodeId: string): MemberRecord {
  const { id, principal, connection, connectedAt } = session;
  const { wire, transport, remoteAddress } = connection;
  const address = remoteAddress?.replace(MAPPED, "");
  const state: SessionState = {
    dialect: wire.dialect.name,
    transport,
    ...(address === undefined ? undefined : { address }),
  };
  return { socketId: id, userId: principal.userId, joinedAt: connectedAt, nodeId, state };
}

/** The other way round; what only the session itself knows comes from it, where this node has it. */
export function connectionInfo(record: MemberRecord, tenantId: string, directory: Directory): ConnectionInfo {
  const { socketId, userId, joinedAt, nodeId } = record;
  const session = directory.find(tenantId, socketId);
  const { dialect, transport, address = null } = record.state as SessionState;
  return {
    socketId,
    userId,
    dialect,
    transport: session?.connection.transport ?? transport,
    nodeId,
    address,
    connectedAt: joinedAt,
    channels: session?.readers.map(({ channel }) => channel.address.name).filter((name) => !isReservedName(name)) ?? [],
  };
}

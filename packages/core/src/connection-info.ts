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
  /** Milliseconds since 1970. */
  readonly connectedAt: number;
  /** Names of the channels that it follows, as far as this node knows. */
  readonly channels: readonly string[];
}

/** What other nodes know of a session: kept as its state in the channel `@sessions`. */
interface SessionState {
  readonly dialect: string;
  readonly transport: string;
}

/** A session as a member of its tenant's channel `@sessions`. */
export function sessionRecord(session: Session, nodeId: string): MemberRecord {
  const { id, principal, connection, connectedAt } = session;
  const state: SessionState = { dialect: connection.wire.dialect.name, transport: connection.transport };
  return { socketId: id, userId: principal.userId, joinedAt: connectedAt, nodeId, state };
}

/** The other way round; what only the session itself knows comes from it, where this node has it. */
export function connectionInfo(record: MemberRecord, tenantId: string, directory: Directory): ConnectionInfo {
  const { socketId, userId, joinedAt } = record;
  const session = directory.find(tenantId, socketId);
  const { dialect, transport } = record.state as SessionState;
  return {
    socketId,
    userId,
    dialect,
    transport: session?.connection.transport ?? transport,
    connectedAt: joinedAt,
    channels: session?.readers.map(({ channel }) => channel.address.name).filter((name) => !isReservedName(name)) ?? [],
  };
}

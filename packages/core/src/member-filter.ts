import { asObject } from "@roomcast/protocol";
import type { MemberQuery, MemberRecord } from "./presence.ts";

/** Whether a member is one that a query asks for. For stores, which may have found it by something coarser. */
export function isAskedFor(member: MemberRecord, { userId, socketId, where }: MemberQuery): boolean {
  if (userId !== undefined && member.userId !== userId) return false;
  if (socketId !== undefined && member.socketId !== socketId) return false;
  if (where === undefined) return true;
  if (where.nodeId !== undefined && member.nodeId !== where.nodeId) return false;
  const state = asObject(member.state);
  return (
    Object.entries(where.state ?? {}).every(([field, text]) => state?.[field] === text) &&
    Object.entries(where.stateBegins ?? {}).every(([field, text]) => begins(state?.[field], text))
  );
}

function begins(value: unknown, text: string): boolean {
  return typeof value === "string" && value.startsWith(text);
}

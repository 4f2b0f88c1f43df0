import { addressKey, type ChannelAddress } from "@roomcast/protocol";
import type { MemberRecord } from "@roomcast/core";

/** Something that a node keeps in Redis: a member of a channel, or without a socket id the number of its subscribers there. */
export interface Entry {
  readonly address: ChannelAddress;
  readonly socketId: string | undefined;
}

/** An entry as text: the parts of the address and the socket id, as JSON. */
export function entryText({ address: { tenantId, name, userId }, socketId }: Entry): string {
  const parts = [tenantId, name, userId ?? null];
  return JSON.stringify(socketId === undefined ? parts : [...parts, socketId]);
}

/** Undefined for what is no entry: others may write to the same Redis. */
export function readEntry(text: string): Entry | undefined {
  const value = json(text);
  if (!Array.isArray(value)) return undefined;
  const [tenantId, name, userId, socketId] = value as readonly unknown[];
  if (typeof tenantId !== "string" || typeof name !== "string") return undefined;
  if (socketId !== undefined && typeof socketId !== "string") return undefined;
  if (userId !== null && typeof userId !== "string") return undefined;
  return { address: userId === null ? { tenantId, name } : { tenantId, name, userId }, socketId };
}

/** A member as Redis keeps it: the lease that it goes with, its user, and the record as JSON, a line each. */
export function memberText(lease: string, member: MemberRecord): string {
  return `${lease}\n${member.userId ?? ""}\n${JSON.stringify(member)}`;
}

/** Undefined for what is no member. */
export function readMember(text: unknown): MemberRecord | undefined {
  if (typeof text !== "string") return undefined;
  const value = json(text.slice(text.indexOf("\n", text.indexOf("\n") + 1) + 1)) as
    | Partial<MemberRecord>
    | null
    | undefined;
  const whole =
    typeof value?.socketId === "string" &&
    typeof value.nodeId === "string" &&
    typeof value.joinedAt === "number" &&
    (value.userId === null || typeof value.userId === "string");
  return whole ? (value as MemberRecord) : undefined;
}

/** Members that came or went without their session having said so, by channel. */
export class Changes {
  readonly #channels = new Map<string, { address: ChannelAddress; joined: MemberRecord[]; left: MemberRecord[] }>();

  add(address: ChannelAddress, kind: "joined" | "left", member: MemberRecord): void {
    const key = addressKey(address);
    let channel = this.#channels.get(key);
    if (channel === undefined) this.#channels.set(key, (channel = { address, joined: [], left: [] }));
    channel[kind].push(member);
  }

  channels(): Iterable<{
    readonly address: ChannelAddress;
    readonly joined: readonly MemberRecord[];
    readonly left: readonly MemberRecord[];
  }> {
    return this.#channels.values();
  }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

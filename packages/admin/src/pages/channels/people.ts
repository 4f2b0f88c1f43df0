import type { Member } from "../../api/types.ts";

/** Everybody with one user id, or one visitor. */
export interface Person {
  readonly key: string;
  /** Null for a visitor. */
  readonly userId: string | null;
  /** Of all of its sockets the first time that one joined, in milliseconds since 1970. */
  readonly since: number;
  /** At least one; the one that joined first is first. */
  readonly members: readonly Member[];
}

/** Sockets as the people behind them, in the order in which these first appear. */
export function peopleOf(members: readonly Member[]): readonly Person[] {
  const groups = new Map<string, Member[]>();
  for (const member of members) {
    // A user id is never empty, so that no visitor's key is one.
    const key = member.userId === null ? ` ${member.socketId}` : member.userId;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [member]);
    else group.push(member);
  }
  return [...groups].map(([key, group]) => {
    const sorted = group.toSorted((a, b) => a.joinedAt - b.joinedAt);
    const first = sorted[0] as Member;
    return { key, userId: first.userId, since: first.joinedAt, members: sorted };
  });
}

import type { Member } from "@roomcast/client";

/** Somebody who is in a channel, perhaps several times: with two tabs, on a phone. */
export interface Person {
  /** Unique in the list, for React. */
  readonly key: string;
  /** Null for a visitor; each session of one is a person. */
  readonly userId: string | null;
  /** The sessions, oldest first. */
  readonly members: readonly Member[];
}

/** Oldest first, and the same for everybody who looks. */
export function byAge(a: Member, b: Member): number {
  return a.joinedAt - b.joinedAt || (a.socketId < b.socketId ? -1 : 1);
}

/** Groups members by user, in the order in which each first appears. */
export function peopleOf(members: readonly Member[]): readonly Person[] {
  const users = new Map<string | null, Member[]>();
  const people: Person[] = [];
  for (const member of members) {
    const { userId, socketId } = member;
    const known = userId === null ? undefined : users.get(userId);
    if (known !== undefined) {
      known.push(member);
      continue;
    }
    const own = [member];
    if (userId !== null) users.set(userId, own);
    people.push({ key: userId === null ? `visitor ${socketId}` : userId, userId, members: own });
  }
  return people;
}

import { isAskedFor, type MemberQuery, type MemberRecord, type Page } from "@roomcast/core";
import type { RedisLink } from "./link.ts";
import { readMember } from "./presence-entry.ts";
import { LOOK_THROUGH } from "./presence-scripts.ts";

/** Members that Redis looks at in one go, which keeps others waiting for some milliseconds. */
const AT_ONCE = 2000;
/** How long is looked for one page: then it ends, whatever it has. */
const MOST_MS = 100;

/**
 * A page of the members that are as `where` says, in the order of their arrival, after place `after`. Redis looks for the
 * texts in what it has, a part at a time; what they mean there is decided here.
 */
export async function searchMembers(options: {
  readonly link: RedisLink;
  /** Members, and their order. */
  readonly keys: readonly string[];
  readonly query: MemberQuery;
  readonly after: string;
}): Promise<Page<MemberRecord>> {
  const { link, keys, query } = options;
  const pieces = piecesOf(query);
  const entries: MemberRecord[] = [];
  let { after } = options;
  const end = performance.now() + MOST_MS;
  for (;;) {
    const reply = await link.run(LOOK_THROUGH, keys, [query.limit - entries.length, after, AT_ONCE, ...pieces]);
    const [total, more, last, ...found] = reply as readonly [number, number, string, ...string[]];
    for (let at = 1; at < found.length; at += 2) {
      const member = readMember(found[at]);
      if (member !== undefined && isAskedFor(member, query)) entries.push(member);
    }
    if (more === 0) return { entries, total };
    after = last;
    if (entries.length >= query.limit || performance.now() > end) return { entries, total, cursor: after };
  }
}

/** Texts that a record in JSON has in it where it is one that is asked for. */
function piecesOf({ where = {} }: MemberQuery): readonly string[] {
  const { nodeId, state = {}, stateBegins = {} } = where;
  const whole = { ...(nodeId === undefined ? undefined : { nodeId }) };
  return [
    ...[...Object.entries(whole), ...Object.entries(state)].map(([name, text]) => piece(name, text)),
    // Half a character is written otherwise than the whole.
    ...Object.entries(stateBegins).map(([name, text]) => piece(name, text.replace(/\p{Surrogate}$/u, "")).slice(0, -1)),
  ];
}

function piece(name: string, text: string): string {
  return `${JSON.stringify(name)}:${JSON.stringify(text)}`;
}

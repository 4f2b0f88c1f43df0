/** How often each token was asked for. */
const asked = new Map();

/** What the application says of each token; a token is what stands behind the comma. */
const ANSWERS = {
  // The ids that a user may have, and the names of its space.
  of: (user, space) => ({ user, space }),
  mongo: (user, spaceId) => ({ _id: user, spaceId }),
  plain: (user, tenantId) => ({ id: user, tenantId }),
  all: (user, space) => ({ user, _id: "not-this", id: "nor-this", space, spaceId: space, tenantId: space }),
  // Users that must not get in.
  nobody: () => null,
  nothing: () => undefined,
  text: (user) => user,
  elsewhere: (user) => ({ user, space: "elsewhere" }),
  two: (user, space) => ({ user, space, tenantId: "elsewhere" }),
  nowhere: (user) => ({ user }),
  nameless: (_user, space) => ({ space }),
  number: (_user, space) => ({ user: 7, space }),
  spaced: (_user, space) => ({ user: "two words", space }),
  // Failures.
  throws: () => {
    throw new Error("the user store is broken");
  },
  rejects: () => Promise.reject(new Error("the user store is broken")),
  hangs: () => new Promise(() => {}),
  // Users of whom something else is said the second time.
  leaves: (user, space, times) => (times === 1 ? { user, space } : null),
  changes: (user, space, times) => ({ user: times === 1 ? user : "another", space }),
  moves: (user, space, times) => ({ user, space: times === 1 ? space : "elsewhere" }),
  flickers: (user, space, times) => {
    if (times === 2) throw new Error("the user store is away for a moment");
    return { user, space };
  },
};

/** As applications write it: the user of `"<space>,<token>"`. */
export function getUserByToken(token, { tenantId }) {
  const comma = token.indexOf(",");
  const [space, own] = [token.slice(0, comma), token.slice(comma + 1)];
  if (space !== tenantId) throw new Error("the token names another space");
  const [, kind, user] = /^([a-z]+)-(.*)$/s.exec(own) ?? [];
  const times = (asked.get(token) ?? 0) + 1;
  asked.set(token, times);
  return kind !== undefined && Object.hasOwn(ANSWERS, kind) ? ANSWERS[kind](user, space, times) : null;
}

import type { Gateway } from "@roomcast/core";
import {
  checkChannelName,
  isChannelName,
  isReservedName,
  isTenantId,
  isUserId,
  type ChannelAddress,
} from "@roomcast/protocol";

/** What the text of a room stands for; `meanings` where it could be several, so that nobody may be meant. */
export type RoomReading =
  | { readonly address: ChannelAddress | undefined; readonly meanings?: never }
  | { readonly address?: never; readonly meanings: readonly string[] };

/**
 * Reads `T-p` and `T-p-U` against the tenants and individual rooms that are in use now: hyphens may also stand in tenants,
 * parts and users. An individual room goes before the shared one of the same text. Rejects with `INVALID_PAYLOAD` or
 * `FORBIDDEN`, naming `path`, where it can only be a channel that has no valid name or is the gateway's own.
 */
export async function readRoom(gateway: Gateway, text: string, path: string): Promise<RoomReading> {
  const tenants = await those(
    cuts(text).filter(([tenantId]) => isTenantId(tenantId)),
    ([tenantId]) => gateway.hasSessions(tenantId),
  );
  if (tenants.length > 1) return { meanings: tenants.map(([tenantId, rest]) => `${rest} of tenant ${tenantId}`) };
  const [tenant] = tenants;
  if (tenant === undefined) return { address: undefined };
  const [tenantId, rest] = tenant;

  const own = cuts(rest).filter(([name, userId]) => isChannelName(name) && !isReservedName(name) && isUserId(userId));
  const online = new Map(own.length === 0 ? [] : await gateway.online(tenantId, [...new Set(own.map(([, id]) => id))]));
  const individual = await those(
    own.filter(([, userId]) => online.get(userId) === true),
    async ([name, userId]) => (await gateway.subscribers({ tenantId, name, userId })) > 0,
  );
  if (individual.length > 1) return { meanings: individual.map(([name, userId]) => `${name} of user ${userId}`) };
  const [found] = individual;
  if (found !== undefined) return { address: { tenantId, name: found[0], userId: found[1] } };
  return { address: { tenantId, name: checkChannelName(rest, path) } };
}

/** All ways to cut a text in two at a hyphen, neither part being empty. */
function cuts(text: string): readonly (readonly [before: string, after: string])[] {
  return [...text.matchAll(/-/g)]
    .map(({ index }) => [text.slice(0, index), text.slice(index + 1)] as const)
    .filter(([before, after]) => before !== "" && after !== "");
}

async function those<T>(candidates: readonly T[], apply: (candidate: T) => Promise<boolean>): Promise<readonly T[]> {
  const answers = await Promise.all(candidates.map(apply));
  return candidates.filter((_, i) => answers[i]);
}

import { GatewayError, isReservedName, type ChannelAddress, type Principal } from "@roomcast/protocol";
import { EVERYBODY } from "./services.ts";
import { JOINED, type Subscription } from "./reader.ts";
import type { Allowed, Session } from "./session.ts";
import { enter, follow, standing } from "./subscribing.ts";

const GIVEN: Allowed = { allowed: true, by: "rule", given: true };

/** Where a session that begins is to be put. */
interface Place {
  readonly address: ChannelAddress;
  /** Undefined: it is to be decided. */
  readonly verdict: Allowed | undefined;
}

/**
 * Puts a session that begins where its dialect and its authenticator want it: reserved channels, rooms that the rules
 * allow, and channels that the authenticator gave. Undefined where there is nothing to do. Rejects with `UNAVAILABLE`.
 */
export function settleIn(session: Session, channels: readonly string[]): Promise<void> | undefined {
  const places = [...reservedPlaces(session), ...rooms(session), ...given(session, channels)];
  return places.length === 0 ? undefined : settle(session, places);
}

async function settle(session: Session, places: readonly Place[]): Promise<void> {
  const { joins } = session.connection.wire.dialect;
  for (const { address, verdict } of places) {
    const member = joins && !isReservedName(address.name);
    let right = verdict;
    if (verdict === undefined) {
      let principal: Principal;
      do {
        ({ principal } = session);
        right = await allowedIn(session, address, member);
        // What has begun is looked at again by whoever replaces the principal; this has not.
      } while (principal !== session.principal);
    }
    if (right === undefined) continue;
    const known = session.reader(address);
    const subscription = known?.subscriptions.find(({ id }: Subscription) => id === JOINED);
    const again =
      known === undefined || subscription === undefined ? undefined : { again: { reader: known, subscription } };
    const { reader, release } = await follow(session, address, { id: JOINED, verdict: right, ...again });
    release();
    if (member) await enter(session, reader, undefined);
  }
}

async function allowedIn(session: Session, address: ChannelAddress, member: boolean): Promise<Allowed | undefined> {
  try {
    return await session.decide(member ? "presence" : "subscribe", address, standing(session, address));
  } catch (thrown) {
    if (thrown instanceof GatewayError && thrown.code === "FORBIDDEN") return undefined;
    throw thrown;
  }
}

function reservedPlaces(session: Session): readonly Place[] {
  const { tenantId, userId, anonymous } = session.principal;
  return (session.connection.wire.dialect.follows ?? []).flatMap(({ name, of }): Place[] => {
    if (of === "everybody") return [{ address: { tenantId: EVERYBODY, name }, verdict: GIVEN }];
    // A visitor belongs to no tenant.
    if (anonymous) return [];
    if (of === "tenant") return [{ address: { tenantId, name }, verdict: GIVEN }];
    // The user's own, unless the credential reaches less than its user.
    return userId === null ? [] : [{ address: { tenantId, name, userId }, verdict: undefined }];
  });
}

function rooms(session: Session): readonly Place[] {
  const targets = session.connection.wire.dialect.rooms?.(session.facts()) ?? [];
  return targets.map((target) => ({ address: session.address(target), verdict: undefined }));
}

function given(session: Session, channels: readonly string[]): readonly Place[] {
  return channels.map((name) => ({ address: session.address({ name }), verdict: GIVEN }));
}

import { GatewayError, type ChannelAddress, type Command } from "@roomcast/protocol";
import type { Answer } from "./commands.ts";
import { isPromise } from "./hooks.ts";
import type { PublishInput } from "./publisher.ts";
import type { Reader } from "./reader.ts";
import type { Allowed, Session } from "./session.ts";
import { following, standing, standingOf } from "./subscribing.ts";

/** Carries out the command `publish`, which came in so many bytes. Throws or rejects with a `GatewayError`. */
export function publish(
  session: Session,
  command: Extract<Command, { type: "publish" }>,
  bytes: number,
): Answer | Promise<Answer> {
  const target = session.address(command.channel);
  const { token } = command;
  const reader = session.reader(target);
  // One object for all that a log keeps of a channel.
  const address = reader === undefined ? target : reader.channel.address;
  const follows = following(reader);
  if (follows === false && token === undefined && !session.privileged) {
    throw new GatewayError("FORBIDDEN", "Publishing needs a subscription to the channel, or membership");
  }
  const verdict = mayPublish(session, address, reader, token);
  const go = (_allowed: Allowed): Answer | Promise<Answer> => {
    const sender = stamp(session);
    const { id, event, data, form } = command;
    const input: PublishInput = {
      event,
      data,
      source: "socket",
      sender,
      // What came with it is little, and JSON of ours is seldom longer than the client's.
      bytes,
      ...(form === undefined ? undefined : { form }),
      ...(id === undefined ? undefined : { idempotency: { key: id, sender: senderScope(session) } }),
    };
    const { publisher } = session.services;
    const accepted = publisher.accept(address, input);
    if (!isPromise(accepted)) return { later: publisher.send(address, accepted) };
    // The session's next command waits, so that nothing of its overtakes this; the right may have gone meanwhile.
    return accepted.then(async (ready) => {
      await mayPublish(session, address, session.reader(target), token);
      if (session.ended) throw new GatewayError("UNAVAILABLE", "The session has ended");
      return { later: publisher.send(address, ready) };
    });
  };
  return isPromise(verdict) ? verdict.then(go) : go(verdict);
}

function mayPublish(
  session: Session,
  address: ChannelAddress,
  reader: Reader | undefined,
  token: string | undefined,
): Allowed | Promise<Allowed> {
  if (token !== undefined && following(reader) === false) return decideByToken(session, address, token);
  return session.decide("publish", address, standingOf(session, reader));
}

/** Whoever may follow a channel by a room token may publish there like one who does. */
async function decideByToken(session: Session, address: ChannelAddress, token: string): Promise<Allowed> {
  const { by } = await session.decide("subscribe", address, standing(session, address, token));
  return await session.decide("publish", address, { following: by });
}

/** Identifies the sender of an idempotency key: a user, or a visitor's session. */
function senderScope(session: Session): string {
  const { userId } = session.principal;
  return userId === null ? `visitor:${session.id}` : `user:${userId}`;
}

/** Who says something, as its readers are told. */
export function stamp(session: Session): { readonly userId: string | null; readonly socketId: string } {
  return { userId: session.principal.userId, socketId: session.id };
}

import { GatewayError, invalidPayload, isUserId } from "@roomcast/protocol";
import type { Admissions } from "./admission.ts";
import type { Signal } from "./broker.ts";
import { ALL_NODES, nodeAddress, sessionsOf, type Services } from "./services.ts";

type EndingsOptions = Pick<Services, "nodeId" | "clock" | "messenger" | "presence" | "revocations"> & {
  readonly admissions: Admissions;
};

/** Ends sessions of a tenant, wherever they are, behind the gateway's façade. */
export class Endings {
  readonly #options: EndingsOptions;

  constructor(options: EndingsOptions) {
    this.#options = options;
  }

  /** One connection. Rejects with `NOT_FOUND` when it is not there. */
  async disconnect(tenantId: string, socketId: string): Promise<void> {
    const { messenger, presence, nodeId } = this.#options;
    const [found] = typeof socketId === "string" ? await messenger.find(tenantId, { socketId }) : [];
    if (found === undefined) throw new GatewayError("NOT_FOUND", "There is no such connection");
    const signal: Signal & { type: "end" } = { type: "end", tenantId, socketId };
    if (found.nodeId === nodeId) this.here(signal);
    else await messenger.tell(nodeAddress(found.nodeId), signal);
    // Its node does so too, but the answer is not to be before it.
    await presence.remove(sessionsOf(tenantId), socketId);
  }

  /** All of a user's, and the tokens that were issued before now. */
  async revoke(tenantId: string, userId: string): Promise<{ readonly disconnected: number }> {
    if (!isUserId(userId)) throw invalidPayload("userId", "a user id");
    const { messenger, presence, revocations, clock } = this.#options;
    // Later than the one before, so that a token issued between two of one millisecond is void after the second.
    const before = (await revocations.revokedAt(tenantId, userId)) ?? 0;
    const at = Math.max(clock.now(), before + 1);
    // First the tokens, so that nobody who is ended comes back with one.
    await revocations.revoke(tenantId, userId, at);
    const sessions = await messenger.find(tenantId, { userId });
    const signal: Signal & { type: "revoke" } = { type: "revoke", tenantId, userId, at };
    this.here(signal);
    await messenger.tell(ALL_NODES, signal);
    // As with one connection.
    await Promise.all(sessions.map(async ({ socketId }) => await presence.remove(sessionsOf(tenantId), socketId)));
    return { disconnected: sessions.length };
  }

  /** Those of this node that a signal means, and those that are about to begin here. */
  here(signal: Signal & { type: "end" | "revoke" }): void {
    const { admissions, messenger } = this.#options;
    if (signal.type === "revoke") admissions.revoked(signal);
    messenger.end(signal);
  }
}

import type { IncomingMessage, ServerResponse } from "node:http";
import { STATUS_CODES } from "node:http";
import type { Gateway } from "@roomcast/core";
import { GatewayError } from "@roomcast/protocol";
import { clientAddress, HandshakeLimiter, type TrustProxy } from "./handshakes.ts";
import { refuseUpgrade } from "./upgrades.ts";

export interface GateOptions {
  readonly gateway: Pick<Gateway, "limits" | "clock" | "draining" | "observer">;
  readonly trustProxy: TrustProxy;
}

/** When a refused client should come again, in seconds. */
const RETRY_SECONDS = 2;

/**
 * Refuses handshakes over HTTP, before anything is set up for them: while the node drains, when too many links are not
 * authenticated yet, and when one address opens too many. Stock clients try again after such a refusal. Serves all
 * endpoints of a node.
 */
export class Gate {
  readonly #gateway: GateOptions["gateway"];
  readonly #trustProxy: TrustProxy;
  readonly #limiter: HandshakeLimiter;
  #pending = 0;

  constructor(options: GateOptions) {
    const { limits, clock } = options.gateway;
    this.#gateway = options.gateway;
    this.#trustProxy = options.trustProxy;
    this.#limiter = new HandshakeLimiter({ clock, perSecond: limits.handshakesPerSecondPerAddress });
  }

  /** Links that have no session yet. */
  get pending(): number {
    return this.#pending;
  }

  /** A link began (+1) or ceased (−1) to be without a session. */
  count(change: 1 | -1): void {
    this.#pending += change;
  }

  /** Why this handshake is refused; undefined when it may go on. */
  check(request: IncomingMessage): GatewayError | undefined {
    const { limits, draining } = this.#gateway;
    if (draining) return new GatewayError("SHUTTING_DOWN", "The node is shutting down");
    if (!this.#limiter.take(clientAddress(request, this.#trustProxy) ?? "")) {
      return new GatewayError("RATE_LIMITED", "Too many handshakes from this address", {
        details: { retryAfterMs: RETRY_SECONDS * 1000 },
      });
    }
    if (this.#pending >= limits.pendingConnections) {
      return new GatewayError("UNAVAILABLE", "Too many connections are logging in");
    }
    return undefined;
  }

  /** Answers a handshake that `check` refused, or a later request: an upgrade where there is no response. */
  refuse(request: IncomingMessage, response: ServerResponse | undefined, error: GatewayError): void {
    this.#gateway.observer.refused?.(error.code);
    const { status } = error;
    const { code, message, details } = error.toWire();
    const body = { error: code, message, ...(details === undefined ? undefined : { details }) };
    const headers = {
      ...(error.retryable ? { "Retry-After": String(RETRY_SECONDS) } : undefined),
      "Cache-Control": "no-store",
    };
    if (response === undefined) {
      refuseUpgrade(request.socket, { status: `${status} ${STATUS_CODES[status]}`, headers, body });
    } else {
      response.writeHead(status, { ...headers, "Content-Type": "application/json" }).end(JSON.stringify(body));
    }
  }
}

import {
  createGateway,
  MemoryRevocations,
  systemClock,
  type ArrivalHook,
  type Clock,
  type Gateway,
  type GatewayOptions,
} from "@roomcast/core";
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import process from "node:process";
import { AdminSessions, SESSION_MS } from "../auth/admin-sessions.ts";
import { ApiKeys } from "../auth/api-keys.ts";
import { CombinedAuthenticator } from "../auth/combined.ts";
import { CookieAuthenticator } from "../auth/cookie.ts";
import { TokenIssuer } from "../auth/issue.ts";
import { JwtAuthenticator } from "../auth/jwt.ts";
import { isOperator, RestCallers } from "../auth/rest-caller.ts";
import { RestTokens } from "../auth/rest-tokens.ts";
import { RoomTokens } from "../auth/room-tokens.ts";
import { TicketAuthenticator } from "../auth/ticket-authenticator.ts";
import { LEEWAY_SECONDS } from "../auth/verify.ts";
import { HandoverBroker } from "../handover-broker.ts";
import { VERSION } from "../version.ts";
import type { ResolvedConfig } from "./resolved.ts";

/** What a configuration makes: the gateway, and whoever recognises the callers of REST and issues tokens. */
export interface Composition {
  readonly gateway: Gateway;
  readonly authenticator: JwtAuthenticator;
  readonly callers: RestCallers;
  readonly tokens: RestTokens;
  /** Signs in people for the admin page; absent where that is off. */
  readonly sessions?: AdminSessions;
  /** Absent without a shared secret, like `roomTokens`. */
  readonly issuer?: TokenIssuer;
  readonly roomTokens?: RoomTokens;
}

/** The parts of a gateway that no configuration names. */
export type Parts = Pick<GatewayOptions, "broker" | "presence" | "revocations" | "observer" | "nodeId" | "clock">;

/** Makes a gateway, and what belongs to its authentication, of a configuration. Starts nothing. */
export function compose(
  config: ResolvedConfig,
  parts: Parts & Pick<GatewayOptions, "arriving" | "meters"> = {},
): Composition {
  const clock = parts.clock ?? systemClock;
  const { jwt, anonymous, apiKeys, cookie, legacyRoomTokens } = config.auth;
  const authenticator = new JwtAuthenticator({ ...jwt, anonymous, legacyRoomTokens, clock });
  const others =
    cookie === undefined
      ? authenticator
      : new CombinedAuthenticator({ cookies: new CookieAuthenticator({ ...cookie, clock }), tokens: authenticator });
  const keys = new ApiKeys(apiKeys);
  const rememberMs = Math.max((jwt.maxTokenSeconds + LEEWAY_SECONDS) * 1000, SESSION_MS);
  const revocations = parts.revocations ?? new MemoryRevocations({ clock, rememberMs });
  const sessions =
    config.admin === false
      ? undefined
      : new AdminSessions({ secret: sealingSecret(config), authenticator, keys, revocations, clock });
  const tickets = sessions === undefined ? undefined : new TicketAuthenticator({ sessions, others });
  const gateway = createGateway({
    node: { version: VERSION, host: hostname(), pid: process.pid },
    ...handover(config, clock, parts.observer),
    ...parts,
    ...arrivals(tickets, parts.arriving),
    revocations,
    clock,
    auth: tickets ?? others,
    channels: config.channels,
    direct: config.direct,
    limits: config.limits,
  });
  const revokedAt = (tenantId: string, userId: string): Promise<number | undefined> =>
    gateway.revokedAt(tenantId, userId);
  const signing = signers(config, clock);
  return {
    gateway,
    authenticator,
    callers: new RestCallers({ authenticator, keys, revokedAt }),
    tokens: new RestTokens({ authenticator, issuer: signing?.issuer, revokedAt }),
    ...(sessions === undefined ? undefined : { sessions }),
    ...signing,
  };
}

/**
 * What sessions are sealed with, the same on all nodes of a configuration: the secret of tokens; without one the hashes of
 * API keys; and where there is neither, something for this process alone.
 *
 * Whoever knows all keys could seal a session of anybody. So keys serve only where one of them is an operator's, who may do
 * everything anyway: of keys of services alone, the back end that has them would make itself an operator.
 */
function sealingSecret({ auth: { jwt, apiKeys } }: ResolvedConfig): string {
  if (jwt.secret !== undefined) return jwt.secret;
  if (!apiKeys.some(isOperator)) return randomBytes(32).toString("base64url");
  return apiKeys
    .map(({ sha256 }) => sha256.toLowerCase())
    .toSorted()
    .join();
}

/** Has tickets looked at before the application looks at arrivals. */
function arrivals(
  tickets: TicketAuthenticator | undefined,
  arriving: ArrivalHook | undefined,
): { readonly arriving?: ArrivalHook } {
  if (tickets === undefined) return arriving === undefined ? {} : { arriving };
  return {
    arriving: (arrival) => {
      tickets.checkArrival(arrival);
      return arriving?.(arrival);
    },
  };
}

function handover(
  { history, limits }: ResolvedConfig,
  clock: Clock,
  observer: GatewayOptions["observer"],
): { readonly broker?: HandoverBroker } {
  if (history.file === undefined) return {};
  const failed = (where: string, error: unknown): void => observer?.failed?.(where, error);
  return { broker: new HandoverBroker({ file: history.file, clock, limits, failed }) };
}

function signers(
  { auth: { jwt } }: ResolvedConfig,
  clock: Clock,
): { issuer: TokenIssuer; roomTokens: RoomTokens } | undefined {
  const { secret } = jwt;
  if (secret === undefined) return undefined;
  return { issuer: new TokenIssuer({ ...jwt, secret, clock }), roomTokens: new RoomTokens({ secret, clock }) };
}

import {
  createGateway,
  MemoryRevocations,
  systemClock,
  type Clock,
  type Gateway,
  type GatewayOptions,
} from "@roomcast/core";
import { hostname } from "node:os";
import process from "node:process";
import { ApiKeys } from "../auth/api-keys.ts";
import { CombinedAuthenticator } from "../auth/combined.ts";
import { CookieAuthenticator } from "../auth/cookie.ts";
import { TokenIssuer } from "../auth/issue.ts";
import { JwtAuthenticator } from "../auth/jwt.ts";
import { RestCallers } from "../auth/rest-caller.ts";
import { RestTokens } from "../auth/rest-tokens.ts";
import { RoomTokens } from "../auth/room-tokens.ts";
import { LEEWAY_SECONDS } from "../auth/verify.ts";
import { HandoverBroker } from "../handover-broker.ts";
import { packageVersion } from "../version.ts";
import type { ResolvedConfig } from "./resolved.ts";

/** What a configuration makes: the gateway, and whoever recognises the callers of REST and issues tokens. */
export interface Composition {
  readonly gateway: Gateway;
  readonly authenticator: JwtAuthenticator;
  readonly callers: RestCallers;
  readonly tokens: RestTokens;
  /** Absent without a shared secret, like `roomTokens`. */
  readonly issuer?: TokenIssuer;
  readonly roomTokens?: RoomTokens;
}

/** The parts of a gateway that no configuration names. */
export type Parts = Pick<GatewayOptions, "broker" | "presence" | "revocations" | "observer" | "nodeId" | "clock">;

/** Makes a gateway, and what belongs to its authentication, of a configuration. Starts nothing. */
export function compose(config: ResolvedConfig, parts: Parts & Pick<GatewayOptions, "arriving"> = {}): Composition {
  const clock = parts.clock ?? systemClock;
  const { jwt, anonymous, apiKeys, cookie, legacyRoomTokens } = config.auth;
  const authenticator = new JwtAuthenticator({ ...jwt, anonymous, legacyRoomTokens, clock });
  const auth =
    cookie === undefined
      ? authenticator
      : new CombinedAuthenticator({ cookies: new CookieAuthenticator({ ...cookie, clock }), tokens: authenticator });
  const gateway = createGateway({
    revocations: new MemoryRevocations({ clock, rememberMs: (jwt.maxTokenSeconds + LEEWAY_SECONDS) * 1000 }),
    node: { version: packageVersion(), host: hostname(), pid: process.pid },
    ...handover(config, clock, parts.observer),
    ...parts,
    clock,
    auth,
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
    callers: new RestCallers({ authenticator, keys: new ApiKeys(apiKeys), revokedAt }),
    tokens: new RestTokens({ authenticator, issuer: signing?.issuer, revokedAt }),
    ...signing,
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

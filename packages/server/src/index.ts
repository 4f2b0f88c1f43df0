export { asyncApiDocument, type AsyncApiDocument, type AsyncApiOptions } from "./asyncapi/document.ts";
export {
  attach,
  HANDING_ON_MS,
  type AttachOptions,
  type AttachRest,
  type CloseOptions,
  type Roomcast,
} from "./attach.ts";
export type { AdminPage } from "./admin/page-handler.ts";
export { AdminSessions, type AdminSession, type AdminSessionsOptions, type SignIn } from "./auth/admin-sessions.ts";
export { ApiKeys, hashApiKey, type ApiKeyEntry, type ApiKeyScope } from "./auth/api-keys.ts";
export { CombinedAuthenticator, type CombinedOptions } from "./auth/combined.ts";
export { CookieAuthenticator, type CookieOptions, type GetUserByToken } from "./auth/cookie.ts";
export { TokenIssuer, type AccessTokenRequest, type IssuedToken, type TokenIssuerOptions } from "./auth/issue.ts";
export type { JwksEntry } from "./auth/jwks.ts";
export { JwtAuthenticator, type JwtOptions } from "./auth/jwt.ts";
export type { ClaimNames } from "./auth/principal.ts";
export { RestCallers, type RestCaller, type RestCallersOptions, type RevokedAt } from "./auth/rest-caller.ts";
export { RestTokens, type VerifiedClaims } from "./auth/rest-tokens.ts";
export { TicketAuthenticator, type TicketAuthenticatorOptions } from "./auth/ticket-authenticator.ts";
export {
  RoomTokens,
  type RoomRight,
  type RoomTokenRequest,
  type RoomToSign,
  type SignedRoom,
} from "./auth/room-tokens.ts";
export { ConfigError } from "./config/config-error.ts";
export { compose, type Composition, type Parts } from "./config/create.ts";
export type { EmbedOptions } from "./config/embed-options.ts";
export { LOG_LEVELS, type LogLevel } from "./config/leaf.ts";
export { loadConfig } from "./config/load.ts";
export type { ConfigFlags, ConfigSources } from "./config/resolve.ts";
export type { JwtConfig, RedisConfig, ResolvedConfig } from "./config/resolved.ts";
export type { RoomcastConfig } from "./config/schema.ts";
export type { DialectSettings } from "./endpoints.ts";
export { embed, prepare, type Embedded, type Prepared, type PrepareOptions } from "./embed.ts";
export { isMounted } from "./http-mount.ts";
export { createLogger, logObserver, type ApplicationLogger, type LoggerOptions } from "./logging.ts";
export { Metrics, type MetricsOptions } from "./metrics.ts";
export type { NeighboursOptions } from "./neighbours.ts";
export { combineObservers } from "./observers.ts";
export { sendNotification, sendToOrg } from "./plazer.ts";
export { startServer, type StandaloneServer, type StartOptions } from "./standalone.ts";
export { HandoverBroker, type HandoverBrokerOptions } from "./handover-broker.ts";

import type { ChannelRule, Limits, Right } from "@roomcast/core";
import type { ApiKeyEntry } from "../auth/api-keys.ts";
import type { GetUserByToken } from "../auth/cookie.ts";
import type { JwksEntry } from "../auth/jwks.ts";
import type { SteedosOptions } from "@roomcast/protocol";
import type { LogLevel } from "./leaf.ts";

/** How tokens are verified and issued; fits `JwtAuthenticator` and, where there is a secret, `TokenIssuer`. */
export interface JwtConfig {
  /** Absent only where tokens come from `jwks` alone. */
  readonly secret?: string;
  readonly issuer?: readonly string[];
  readonly audience?: readonly string[];
  readonly tenantClaim?: string;
  readonly rolesClaim?: string;
  readonly maxTokenSeconds: number;
  readonly jwks: readonly JwksEntry[];
}

/** How users with cookies are recognised: by a function of the application's, or by asking an address. */
export interface CookieConfig {
  readonly getUserByToken?: GetUserByToken;
  readonly url?: string;
  readonly revalidateSeconds: number;
}

/** Which Redis, and what its keys begin with: nodes with the same of both are one cluster. */
export interface RedisConfig {
  /** `redis://` or `rediss://`, perhaps with a name and a password. */
  readonly url: string;
  readonly prefix: string;
}

/** All settings, from flags, variables, the configuration file and defaults. Frozen. */
export interface ResolvedConfig {
  readonly port: number;
  readonly host: string;
  /** Origins that browsers may come from; empty: the server's own. */
  readonly cors: readonly string[] | "*";
  /** How many proxies stand before the server and append to `X-Forwarded-For`; 0: none is believed. */
  readonly trustProxy: number;
  readonly logLevel: LogLevel;
  readonly auth: {
    readonly jwt: JwtConfig;
    readonly anonymous: boolean;
    readonly apiKeys: readonly ApiKeyEntry[];
    readonly cookie?: CookieConfig;
    /** Whether room tokens of the original Twake back end open rooms. */
    readonly legacyRoomTokens: boolean;
  };
  readonly channels: readonly ChannelRule[];
  readonly direct: Right;
  readonly dialects: {
    readonly native: boolean;
    readonly steedos: false | (SteedosOptions & { readonly globalEmit: boolean });
    readonly twake: boolean;
    readonly plazer: false | { readonly namespace: string };
  };
  readonly heartbeat: { readonly intervalSeconds: number; readonly timeoutSeconds: number };
  readonly limits: Limits;
  /** Where the logs of channels wait for the next process, as an absolute path. */
  readonly history: { readonly file?: string };
  /** The Redis that this node shares with others; without it everything is kept in the process. */
  readonly redis?: RedisConfig;
  readonly metrics: { readonly token?: string };
  /** Where the admin page is; `false` where it is not. */
  readonly admin: false | { readonly path: string };
  readonly drainSeconds: number;
  /** Whether the secret of tokens was made for this run. */
  readonly generatedSecret: boolean;
  /** Lines for whoever starts the server. They tell no secret. */
  readonly warnings: readonly string[];
  /** The configuration file that was read. */
  readonly file?: string;
}

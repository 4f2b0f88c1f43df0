import {
  asObject,
  CHANNEL_ACTIONS,
  checkJson,
  compilePattern,
  isTenantId,
  isUserId,
  ROLES,
  utf8Length,
  type ChannelAction,
  type Principal,
  type Role,
} from "@roomcast/protocol";
import { unauthenticated, type Claims, type VerifiedToken } from "./verify.ts";

export const DEFAULT_TENANT = "default";
export const MAX_GRANTS = 64;
export const MAX_INFO_BYTES = 1024;
const INFO_DEPTH = 32;
/** Claims that are kept as they are, and mean nothing here. */
const KEPT = ["email", "provider_id", "application_id"] as const;
const MAX_KEPT_LENGTH = 256;
/** Claims that a principal has, or that say of every access token that it is one. */
const TOLD = ["sub", "type", "info", "channels", "channelsOnly", "iat", "exp", ...KEPT] as const;

/** What most tokens say, by saying nothing: shared by their principals, one for each connection. */
const CLIENT: readonly Role[] = Object.freeze(["client"] as const);
const NO_GRANTS: Principal["grants"] = Object.freeze({});

/** Where the claims of a token stand, as configured. */
export interface ClaimNames {
  /** The one claim that names the tenant; otherwise `tenantId`, else `orgId`. */
  readonly tenantClaim?: string | undefined;
  /** The claim that lists the roles, instead of `permissions`. */
  readonly rolesClaim?: string | undefined;
}

/** Who anonymous visitors are. */
export const ANONYMOUS: Principal = Object.freeze({
  userId: null,
  tenantId: DEFAULT_TENANT,
  roles: Object.freeze([]),
  grants: Object.freeze({}),
  anonymous: true,
});

/**
 * The principal that the claims of a verified access token describe. Throws `UNAUTHENTICATED` for whatever is malformed: nothing
 * falls back to a default but a claim that is not there at all.
 *
 * `defaultTenant` is the tenant of a token that names none, where there is one.
 */
export function principalOf(token: VerifiedToken, names: ClaimNames, defaultTenant: string | undefined): Principal {
  const { claims } = token;
  const userId = claims["sub"];
  if (!isUserId(userId)) throw refused("sub", "1 to 128 bytes without white space, control characters, *, { and }");
  const type = own(claims, "type");
  if (type !== undefined && type !== "access") throw refused("type", `absent or "access"`);
  const info = infoOf(own(claims, "info"));
  const grantsOnly = own(claims, "channelsOnly");
  if (grantsOnly !== undefined && typeof grantsOnly !== "boolean") throw refused("channelsOnly", "true or false");
  return {
    userId,
    tenantId: tenantOf(claims, names.tenantClaim, defaultTenant),
    roles: rolesOf(claims, names.rolesClaim ?? "permissions"),
    grants: grantsOf(own(claims, "channels")),
    ...(grantsOnly === true ? { grantsOnly } : undefined),
    ...(info === undefined ? undefined : { info }),
    ...keptOf(claims),
    ...(token.issuedAt === undefined ? undefined : { issuedAt: token.issuedAt }),
    expiresAt: token.expiresAt,
    anonymous: false,
  };
}

/**
 * What claims say beside the principal that they describe, for whoever looks after connections; undefined for nothing. Most
 * tokens say nothing more, and there is one for each connection.
 */
export function otherClaims(claims: Claims, names: ClaimNames): Claims | undefined {
  const tenant = names.tenantClaim === undefined ? ["tenantId", "orgId"] : [names.tenantClaim];
  const told = new Set([...TOLD, ...tenant, names.rolesClaim ?? "permissions"]);
  const others = Object.entries(claims).filter(([name]) => !told.has(name));
  return others.length === 0 ? undefined : Object.fromEntries(others);
}

/** The audiences that claims name. Throws `UNAUTHENTICATED` where `aud` is neither text nor a list of it. */
export function audiencesOf(claims: Claims): readonly string[] {
  const audience = own(claims, "aud");
  if (audience === undefined) return [];
  if (typeof audience === "string") return [audience];
  if (!isTextList(audience)) throw refused("aud", "text or a list of it");
  return audience;
}

function tenantOf(claims: Claims, tenantClaim: string | undefined, defaultTenant: string | undefined): string {
  const names = tenantClaim === undefined ? ["tenantId", "orgId"] : [tenantClaim];
  for (const name of names) {
    const tenantId = own(claims, name);
    if (tenantId === undefined) continue;
    if (!isTenantId(tenantId)) throw refused(name, "1 to 128 of A-Z, a-z, 0-9, dot, underscore and hyphen");
    return tenantId;
  }
  if (defaultTenant === undefined) throw unauthenticated("The token names no tenant");
  return defaultTenant;
}

/**
 * Other systems keep permissions of their own in this claim, so that names which are no roles here are passed over. What
 * is not a list of names is refused.
 */
function rolesOf(claims: Claims, name: string): readonly Role[] {
  const listed = own(claims, name);
  if (listed === undefined) return CLIENT;
  if (!isTextList(listed)) throw refused(name, "a list of roles");
  const roles = ROLES.filter((role) => listed.includes(role));
  return roles.length === 0 ? CLIENT : roles;
}

function grantsOf(value: unknown): Readonly<Record<string, readonly ChannelAction[]>> {
  if (value === undefined) return NO_GRANTS;
  const channels = asObject(value);
  if (channels === undefined) throw refused("channels", "an object from patterns to lists of actions");
  const entries = Object.entries(channels);
  if (entries.length > MAX_GRANTS) throw refused("channels", `at most ${MAX_GRANTS} patterns`);
  const grants = entries.map(([pattern, actions]): [string, readonly ChannelAction[]] => {
    if (!isPattern(pattern)) throw refused("channels", "an object whose keys are channel patterns");
    if (!isTextList(actions) || !actions.every(isAction))
      throw refused("channels", `lists of ${CHANNEL_ACTIONS.join(", ")}`);
    return [pattern, CHANNEL_ACTIONS.filter((action) => actions.includes(action))];
  });
  // Not by assignment: "__proto__" is a name like any other.
  return Object.fromEntries(grants);
}

function infoOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (value === undefined) return undefined;
  const info = asObject(value);
  if (info === undefined) throw refused("info", "an object");
  try {
    checkJson(info, INFO_DEPTH);
  } catch {
    throw refused("info", `nested at most ${INFO_DEPTH} deep`);
  }
  if (utf8Length(JSON.stringify(info)) > MAX_INFO_BYTES)
    throw refused("info", `at most ${MAX_INFO_BYTES} bytes of JSON`);
  return info;
}

/** Other systems may write anything into these: what is no short text is passed over. */
function keptOf(claims: Claims): Pick<Principal, (typeof KEPT)[number]> {
  const entries = KEPT.map((name) => [name, own(claims, name)] as const);
  return Object.fromEntries(
    entries.filter(([, value]) => typeof value === "string" && value.length <= MAX_KEPT_LENGTH),
  );
}

function isPattern(source: string): boolean {
  try {
    compilePattern(source);
    return true;
  } catch {
    return false;
  }
}

function isAction(value: string): value is ChannelAction {
  return (CHANNEL_ACTIONS as readonly string[]).includes(value);
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === "string");
}

function own(claims: Claims, name: string): unknown {
  return Object.hasOwn(claims, name) ? claims[name] : undefined;
}

function refused(claim: string, expected: string): Error {
  return unauthenticated(`The token's "${claim}" must be ${expected}`);
}

import {
  checkEvents,
  compilePattern,
  isPrivileged,
  type ChannelAction,
  type ChannelAddress,
  type ChannelPattern,
  type ChannelRule,
  type PatternParams,
  type Principal,
  type Right,
} from "@roomcast/protocol";
import { isRoomTokenVerifier, type Authenticator, type Revocations } from "./auth.ts";
import { isPromise, type Hooks } from "./hooks.ts";
import { BUILT_IN_NAMES, rightTexts, settingsPart, type RuleListing, type RuleMatch } from "./insight/rule-match.ts";
import type { ChannelPolicy, ChannelSettings, PolicyContext, RoomTokenNames, Verdict } from "./policy.ts";

export type { ChannelRule, Right, RuleFunction } from "@roomcast/protocol";

type Answer = Verdict | Promise<Verdict>;

interface CompiledRule {
  readonly pattern: ChannelPattern;
  readonly settings: ChannelSettings;
  /** Without the rights to read where the rule says no more than what may be published. */
  readonly rights: Readonly<Partial<Record<ChannelAction, Right | "member">>>;
}

const NO: Verdict = { allowed: false };
const BY_RULE: Verdict = { allowed: true, by: "rule" };
const BY_GRANT: Verdict = { allowed: true, by: "grant" };
const DEFAULT_SETTINGS: ChannelSettings = { keep: { size: 100, seconds: 300 }, slow: "disconnect" };
const BUILT_IN = new RegExp(`^(${[...BUILT_IN_NAMES.keys()].join("|")}):(.*)$`, "su");
/** How many channels' rules are remembered at a time. */
const MOST_FOUND = 10_000;

/** What the rules have for a channel, whoever asks. */
interface Found {
  /** Kind and id of a built-in name, which no rule matches. */
  readonly builtIn?: { readonly kind: string; readonly id: string; readonly settings: ChannelSettings };
  readonly rule?: CompiledRule;
  readonly params?: PatternParams;
}

const NONE: Found = {};

/**
 * The policy that rules describe: the built-in names first, then the first rule that matches, then what a token grants.
 *
 * A rule with `{userId}` has the channel of *every* user, and `owner` asks whether it is one's own: so
 * `{ match: "inbox:{userId}", subscribe: "owner" }` leaves nobody else's inbox to the rules behind it.
 */
export class ChannelRules implements ChannelPolicy, RoomTokenNames, RuleListing {
  readonly #rules: readonly CompiledRule[];
  readonly #verifier: Authenticator | undefined;
  readonly #revocations: Revocations | undefined;
  /** Bounds the functions of rules; without it they are called as they are. */
  readonly #hooks: Hooks | undefined;
  /** By tenant and name. Patterns are not matched again for each command and publication of a channel. */
  #found = new Map<string, Map<string, Found>>();
  #foundCount = 0;
  /** Names that begin so, and that no rule matches, ask for a room token. */
  #roomTokenPrefix: string | undefined;
  /** By the grants of principals, which those that have none share. */
  readonly #grants = new WeakMap<
    Principal["grants"],
    readonly { pattern: ChannelPattern; actions: readonly ChannelAction[] }[]
  >();

  /** Throws a plain `Error` that says which rule's pattern is wrong, and how. */
  constructor(
    options: {
      rules?: readonly ChannelRule[];
      auth?: Authenticator;
      revocations?: Revocations;
      hooks?: Hooks;
    } = {},
  ) {
    this.#rules = (options.rules ?? []).map(compileRule);
    this.#verifier = options.auth;
    this.#revocations = options.revocations;
    this.#hooks = options.hooks;
  }

  requireRoomTokens(prefix: string): void {
    this.#roomTokenPrefix = prefix;
  }

  settings(address: ChannelAddress): ChannelSettings {
    const { builtIn, rule } = this.#find(address);
    return (builtIn ?? rule)?.settings ?? DEFAULT_SETTINGS;
  }

  matchOf(address: ChannelAddress): RuleMatch {
    const { builtIn, rule, params = {} } = this.#find(address);
    if (builtIn !== undefined) return builtInMatch(builtIn.kind, builtIn.id, builtIn.settings);
    const rights = rightTexts((action) => rule?.rights[action] ?? this.#unruled(action, address));
    const settings = settingsPart(rule?.settings ?? DEFAULT_SETTINGS);
    if (rule === undefined) return { kind: "none", index: null, match: null, params, rights, ...settings };
    const { source: match } = rule.pattern;
    return { kind: "rule", index: this.#rules.indexOf(rule), match, params: { ...params }, rights, ...settings };
  }

  matches(): readonly RuleMatch[] {
    const builtIn = [...BUILT_IN_NAMES.keys()].map((kind) => builtInMatch(kind, undefined, DEFAULT_SETTINGS));
    const rules = this.#rules.map((rule, index): RuleMatch => {
      const { source: match } = rule.pattern;
      // A pattern begins as the names that it means do, up to its first parameter.
      const address = { tenantId: "", name: match };
      const rights = rightTexts((action) => rule.rights[action] ?? this.#unruled(action, address));
      return { kind: "rule", index, match, params: {}, rights, ...settingsPart(rule.settings) };
    });
    return [...builtIn, ...rules];
  }

  decide(principal: Principal, action: ChannelAction, address: ChannelAddress, context: PolicyContext): Answer {
    // Whoever the address belongs to has it, and nobody else; grants speak of shared channels.
    if (address.userId !== undefined) return verdict(ownsAddress(principal, address.userId));
    if (action === "publish") return this.#publish(principal, address, context);
    const subscribe = this.#one(principal, "subscribe", address, context);
    if (action === "subscribe") return subscribe;
    return both(subscribe, () => this.#one(principal, action, address, context));
  }

  #publish(principal: Principal, address: ChannelAddress, context: PolicyContext): Answer {
    const granted = this.#granted(principal, "publish", address);
    if (principal.grantsOnly !== true) {
      if (isPrivileged(principal)) return BY_RULE;
      // What one follows by a grant alone, one publishes to by a grant alone.
      if (context.following === "rule") {
        const answer = this.#ruled(principal, "publish", address, context);
        return granted ? or(answer, BY_GRANT) : answer;
      }
    }
    return granted && (context.following !== false || isPrivileged(principal)) ? BY_GRANT : NO;
  }

  #one(principal: Principal, action: ChannelAction, address: ChannelAddress, context: PolicyContext): Answer {
    // A visitor has no user's or tenant's own to be granted: it is let in where everybody who is known may go.
    if (principal.anonymous && this.#granted(principal, action, address)) return this.#toKnown(action, address);
    const granted = this.#granted(principal, action, address) ? BY_GRANT : NO;
    if (principal.grantsOnly === true) return granted;
    return or(this.#ruled(principal, action, address, context), granted);
  }

  /** Whether this is open to whoever is authenticated, without more. */
  #toKnown(action: ChannelAction, address: ChannelAddress): Verdict {
    const { builtIn, rule } = this.#find(address);
    if (builtIn !== undefined) return NO;
    const right = rule?.rights[action] ?? this.#unruled(action, address);
    return right === "anyone" || right === "authenticated" ? BY_GRANT : NO;
  }

  /** What holds where no rule does. */
  #unruled(action: ChannelAction, address: ChannelAddress): Right | "member" {
    if (action === "publish") return "member";
    const prefix = this.#roomTokenPrefix;
    return prefix !== undefined && address.name.startsWith(prefix) ? "roomToken" : "authenticated";
  }

  #ruled(principal: Principal, action: ChannelAction, address: ChannelAddress, context: PolicyContext): Answer {
    const { builtIn, rule, params = {} } = this.#find(address);
    if (builtIn !== undefined) {
      return verdict(isPrivileged(principal) || ownsBuiltIn(principal, action, builtIn.kind, builtIn.id));
    }
    const right = rule?.rights[action] ?? this.#unruled(action, address);
    if (typeof right === "function") {
      const own = rule?.pattern.match(address.name, principal) ?? params;
      return this.#ask(() => right(principal, own));
    }
    switch (right) {
      case "anyone":
        return BY_RULE;
      case "authenticated":
        return verdict(!principal.anonymous);
      case "owner":
        return verdict(!principal.anonymous && rule !== undefined && isOwn(rule.pattern, address.name, principal));
      case "service":
        return verdict(isPrivileged(principal));
      case "member":
        return verdict(context.following === "rule");
      case "roomToken":
        return this.#roomToken(principal, address, context);
      case "nobody":
        return NO;
    }
  }

  /** Asks code that is not ours. */
  #ask(hook: () => boolean | Promise<boolean>): Answer {
    const answer: unknown = this.#hooks === undefined ? hook() : this.#hooks.call("rule", hook);
    // Of what only looks like a promise, a real one is made.
    return isPromise(answer) ? Promise.resolve(answer).then(outside) : outside(answer);
  }

  #roomToken(principal: Principal, address: ChannelAddress, context: PolicyContext): Answer {
    const { token, until } = context;
    // A token that was shown before is good until it ends, and no longer.
    if (token === undefined) return until === undefined ? NO : { allowed: true, by: "rule", until };
    const verifier = this.#verifier;
    if (verifier === undefined || !isRoomTokenVerifier(verifier)) return NO;
    return verifier.verifyRoomToken(token, principal, address.name).then(async ({ expiresAt, issuedAt }) => {
      const { tenantId, userId } = principal;
      const revokedAt = userId === null ? undefined : await this.#revocations?.revokedAt(tenantId, userId);
      if (revokedAt !== undefined && (issuedAt ?? Number.NEGATIVE_INFINITY) < revokedAt) return NO;
      return { allowed: true, by: "rule", until: expiresAt };
    });
  }

  #find({ tenantId, name }: ChannelAddress): Found {
    const known = this.#found.get(tenantId)?.get(name);
    if (known !== undefined) return known;
    if (this.#foundCount >= MOST_FOUND) {
      this.#found = new Map();
      this.#foundCount = 0;
    }
    const found = this.#search(tenantId, name);
    let ofTenant = this.#found.get(tenantId);
    if (ofTenant === undefined) this.#found.set(tenantId, (ofTenant = new Map()));
    ofTenant.set(name, found);
    this.#foundCount++;
    return found;
  }

  #search(tenantId: string, name: string): Found {
    const [, kind, id] = BUILT_IN.exec(name) ?? [];
    if (kind !== undefined && id !== undefined) {
      return { builtIn: { kind, id, settings: this.#builtInSettings(kind, name, tenantId) } };
    }
    for (const rule of this.#rules) {
      const params = rule.pattern.cover(name, tenantId);
      if (params !== null) return { rule, params };
    }
    return NONE;
  }

  /** No rule has anything of a built-in name but its events, and only one that means names of this kind. */
  #builtInSettings(kind: string, name: string, tenantId: string): ChannelSettings {
    const own = this.#rules.find(
      ({ pattern }) => pattern.source.startsWith(`${kind}:`) && pattern.cover(name, tenantId) !== null,
    );
    const events = own?.settings.events;
    return events === undefined ? DEFAULT_SETTINGS : { ...DEFAULT_SETTINGS, events };
  }

  #granted(principal: Principal, action: ChannelAction, address: ChannelAddress): boolean {
    let grants = this.#grants.get(principal.grants);
    if (grants === undefined) {
      grants = Object.entries(principal.grants).map(([source, actions]) => ({
        pattern: compilePattern(source),
        actions,
      }));
      this.#grants.set(principal.grants, grants);
    }
    if (grants.length === 0) return false;
    return grants.some(
      ({ pattern, actions }) => actions.includes(action) && pattern.match(address.name, principal) !== null,
    );
  }
}

/** What holds for a built-in name, or without an id for all of its kind. */
function builtInMatch(kind: string, id: string | undefined, settings: ChannelSettings): RuleMatch {
  const { param, rights } = BUILT_IN_NAMES.get(kind) as NonNullable<ReturnType<typeof BUILT_IN_NAMES.get>>;
  const params = id === undefined ? {} : { [param]: id };
  return { kind: "builtIn", index: null, match: `${kind}:{${param}}`, params, rights, ...settingsPart(settings) };
}

function compileRule(rule: ChannelRule): CompiledRule {
  const { match, events, keep = DEFAULT_SETTINGS.keep, slow = DEFAULT_SETTINGS.slow } = rule;
  if (keep !== false && !(isCount(keep.size) && isCount(keep.seconds))) {
    throw new Error(`keep of the channel "${match}" is false, or { size, seconds } of whole numbers, 1 or more`);
  }
  // To say what is published there opens nothing.
  const subscribe = rule.subscribe ?? (events === undefined ? "authenticated" : undefined);
  const presence = rule.presence ?? subscribe;
  const history = rule.history ?? subscribe;
  return {
    pattern: compilePattern(match),
    settings: { keep, slow, ...(events === undefined ? undefined : { events: checkEvents(match, events) }) },
    rights: {
      publish: rule.publish ?? "member",
      ...(subscribe === undefined ? undefined : { subscribe }),
      ...(presence === undefined ? undefined : { presence }),
      ...(history === undefined ? undefined : { history }),
    },
  };
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 1;
}

/** Whether a pattern with `{userId}` or `{tenantId}` is matched by the principal's own. */
function isOwn(pattern: ChannelPattern, name: string, principal: Principal): boolean {
  return pattern.owned && pattern.match(name, principal) !== null;
}

function ownsAddress(principal: Principal, userId: string): boolean {
  return userId === principal.userId && principal.grantsOnly !== true;
}

/** `user:` and `notifications:` of one's own are to read; `org:` of one's own tenant is to read and to publish to. */
function ownsBuiltIn(principal: Principal, action: ChannelAction, kind: string, id: string): boolean {
  if (principal.anonymous) return false;
  if (kind === "org") return id === principal.tenantId;
  return action !== "publish" && id === principal.userId;
}

function outside(answer: unknown): Verdict {
  if (answer === true) return { allowed: true, by: "rule", recheck: true };
  if (answer === false) return NO;
  throw new TypeError(`A rule function answered ${typeof answer} instead of true or false`);
}

function verdict(allowed: boolean): Verdict {
  return allowed ? BY_RULE : NO;
}

function or(first: Answer, second: Verdict): Answer {
  if (!second.allowed) return first;
  if (isPromise(first))
    return first.then(
      (verdict) => or(verdict, second) as Verdict,
      () => second,
    );
  return first.allowed ? first : second;
}

/** Allowed when both are; what limits either limits both. */
function both(first: Answer, next: () => Answer): Answer {
  if (isPromise(first)) return first.then((verdict) => both(verdict, next));
  if (!first.allowed) return NO;
  const second = next();
  if (isPromise(second)) return second.then((verdict) => both(first, () => verdict));
  if (!second.allowed) return NO;
  const until = Math.min(first.until ?? Number.POSITIVE_INFINITY, second.until ?? Number.POSITIVE_INFINITY);
  return {
    allowed: true,
    by: first.by === "grant" || second.by === "grant" ? "grant" : "rule",
    ...(Number.isFinite(until) ? { until } : undefined),
    ...(first.recheck === true || second.recheck === true ? { recheck: true as const } : undefined),
  };
}

import { PARAMTYPES_METADATA, PROPERTY_DEPS_METADATA, SELF_DECLARED_DEPS_METADATA } from "@nestjs/common/constants.js";
import type { ModulesContainer } from "@nestjs/core";
import { ConfigError } from "@roomcast/server";
import { ROOMCAST, ROOMCAST_GATEWAY, ROOMCAST_OPTIONS } from "./tokens.ts";

/** What is known of a provider before it is made. */
interface Declared {
  readonly metatype: unknown;
  readonly inject?: readonly unknown[] | null | undefined;
}

/**
 * Refuses options that need a service which needs what the options are for: Nest would wait for both for ever. Throws
 * `ConfigError`.
 */
export function refuseCycle(modules: ModulesContainer): void {
  const declared = new Map<unknown, Declared>();
  for (const { providers } of modules.values()) for (const [token, one] of providers) declared.set(token, one);
  const seen = new Set<unknown>();
  const find = (token: unknown, way: readonly string[]): readonly string[] | undefined => {
    if (token === ROOMCAST || token === ROOMCAST_GATEWAY) return way;
    const provider = declared.get(token);
    if (provider === undefined || seen.has(token)) return undefined;
    seen.add(token);
    for (const needed of needs(provider)) {
      const found = find(needed, token === ROOMCAST_OPTIONS ? way : [...way, nameOf(token)]);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const way = find(ROOMCAST_OPTIONS, []);
  if (way === undefined) return;
  const message =
    `RoomcastModule's options need ${way.join(", which needs ")}, which injects what they are for: a circular dependency; ` +
    "it may get the gateway from ModuleRef when it is used";
  throw new ConfigError({ key: "RoomcastModule", message });
}

/** Tokens; what is behind a `forwardRef` may come later, and is not waited for. */
function needs({ metatype, inject }: Declared): readonly unknown[] {
  if (inject !== undefined && inject !== null) return inject.map(tokenOf);
  if (typeof metatype !== "function") return [];
  const types = [...((Reflect.getMetadata(PARAMTYPES_METADATA, metatype) ?? []) as readonly unknown[])];
  const named = (Reflect.getMetadata(SELF_DECLARED_DEPS_METADATA, metatype) ?? []) as readonly Named[];
  for (const { index, param } of named) types[index] = param;
  const properties = (Reflect.getMetadata(PROPERTY_DEPS_METADATA, metatype) ?? []) as readonly { type: unknown }[];
  return [...types, ...properties.map(({ type }) => type)];
}

interface Named {
  readonly index: number;
  readonly param: unknown;
}

function tokenOf(dependency: unknown): unknown {
  return typeof dependency === "object" && dependency !== null && "token" in dependency ? dependency.token : dependency;
}

function nameOf(token: unknown): string {
  return typeof token === "function" ? token.name : String(token);
}

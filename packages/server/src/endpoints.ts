import {
  nativeDialect,
  plazerDialect,
  steedosDialect,
  twakeDialect,
  type Dialect,
  type SteedosOptions,
} from "@roomcast/protocol";
import type { EndpointNamespace } from "./socketio/endpoint.ts";

/** Which dialects are spoken, and the options of those that have some. */
export interface DialectSettings {
  readonly native?: boolean;
  readonly steedos?: boolean | SteedosOptions;
  readonly twake?: boolean;
  readonly plazer?: boolean | { readonly namespace?: string };
}

/** An endpoint to open: a path, and for each namespace its dialects in the order in which they may take a handshake. */
export interface EndpointPlan {
  readonly path: string;
  readonly namespaces: readonly EndpointNamespace[];
  /** Whether clients of Socket.IO 2 may connect. */
  readonly allowEIO3: boolean;
}

/** Where one dialect is spoken. */
interface Place {
  readonly dialect: Dialect;
  readonly path: string;
  readonly namespace: string;
  readonly allowEIO3?: true;
}

const DEFAULT_PATH = "/socket.io/";
const TWAKE_PATH = "/socket/";
const PLAZER_NAMESPACE = "/events";

/**
 * The endpoints that these settings ask for; of dialects that are not named, the native one alone is spoken. `path` is where
 * the dialects of stock Socket.IO clients are spoken; those with a path of their own keep it. Throws a plain `Error` where
 * two dialects would take each other's handshakes.
 */
export function planEndpoints(settings: DialectSettings = {}, path: string = DEFAULT_PATH): readonly EndpointPlan[] {
  const plans = new Map<string, { namespaces: Map<string, Dialect[]>; allowEIO3: boolean }>();
  for (const { dialect, namespace, allowEIO3 = false, ...place } of places(settings, path)) {
    const plan = plans.get(place.path) ?? { namespaces: new Map<string, Dialect[]>(), allowEIO3 };
    plan.namespaces.set(namespace, [...(plan.namespaces.get(namespace) ?? []), dialect]);
    plans.set(place.path, plan);
  }
  return [...plans].map(([endpointPath, { namespaces, allowEIO3 }]) => ({
    path: endpointPath,
    namespaces: [...namespaces].map(([name, dialects]) => ({ name, dialects })),
    allowEIO3,
  }));
}

/** The dialects that are spoken. Those of one path and namespace are asked in this order. */
function places(
  { native = true, steedos = false, twake = false, plazer = false }: DialectSettings,
  path: string,
): Place[] {
  const namespace = "/";
  const spoken: Place[] = [];
  if (native) spoken.push({ dialect: nativeDialect, path, namespace });
  if (plazer !== false) {
    const own = plazerNamespace(plazer);
    if (own === namespace && native) {
      throw new Error(
        "The Plazer dialect in the namespace / takes the handshakes of the native one: switch one of them off",
      );
    }
    spoken.push({ dialect: plazerDialect(), path, namespace: own });
  }
  if (steedos !== false) spoken.push({ dialect: steedosDialect(steedos === true ? {} : steedos), path, namespace });
  if (twake) spoken.push({ dialect: twakeDialect(), path: TWAKE_PATH, namespace, allowEIO3: true });
  return spoken;
}

/** Where clients of the Plazer dialect connect. */
export function plazerNamespace(settings: Exclude<DialectSettings["plazer"], false | undefined>): string {
  return (settings === true ? undefined : settings.namespace) ?? PLAZER_NAMESPACE;
}

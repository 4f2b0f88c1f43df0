import { nativeDialect, type Dialect } from "@roomcast/protocol";
import type { EndpointNamespace } from "./socketio/endpoint.ts";

/** Which dialects are spoken, and the options of those that have some. */
export interface DialectSettings {
  readonly native?: boolean;
}

/** An endpoint to open: a path, and for each namespace its dialects in the order in which they may take a handshake. */
export interface EndpointPlan {
  readonly path: string;
  readonly namespaces: readonly EndpointNamespace[];
}

/** Where one dialect is spoken. */
interface Place {
  readonly dialect: Dialect;
  readonly path: string;
  readonly namespace: string;
  /** Whether it is spoken when the settings say nothing of it. */
  readonly byDefault: boolean;
}

const DEFAULT_PATH = "/socket.io/";

/** All dialects. Those of one path and namespace are asked in this order. */
function places(path: string): Readonly<Record<keyof DialectSettings, Place>> {
  return { native: { dialect: nativeDialect, path, namespace: "/", byDefault: true } };
}

/**
 * The endpoints that these settings ask for. `path` is where the dialects of stock Socket.IO clients are spoken; those
 * with a path of their own keep it.
 */
export function planEndpoints(settings: DialectSettings = {}, path: string = DEFAULT_PATH): readonly EndpointPlan[] {
  const plans = new Map<string, Map<string, Dialect[]>>();
  for (const [name, place] of Object.entries(places(path)) as [keyof DialectSettings, Place][]) {
    if (!(settings[name] ?? place.byDefault)) continue;
    const namespaces = plans.get(place.path) ?? new Map<string, Dialect[]>();
    namespaces.set(place.namespace, [...(namespaces.get(place.namespace) ?? []), place.dialect]);
    plans.set(place.path, namespaces);
  }
  return [...plans].map(([endpointPath, namespaces]) => ({
    path: endpointPath,
    namespaces: [...namespaces].map(([name, dialects]) => ({ name, dialects })),
  }));
}

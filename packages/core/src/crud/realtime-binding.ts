import type { Observer } from "../observer.ts";
import type { ExecutionContext } from "./crud-service.ts";
import type { EventBus } from "./event-bus.ts";

/** What of a gateway services need to announce what they did. */
export interface RealtimeGateway {
  readonly bus: EventBus;
  readonly observer: Observer;
}

export interface RealtimeOptions<Context = ExecutionContext> {
  /**
   * Whose clients hear of what the service does. Without it: the `tenantId` of the context's user, else `"default"`. The
   * context is a method's last argument when that is an object with `user`: give this where an entity may be one too and
   * is not to be trusted.
   */
  readonly tenantId?: string | ((context: Context | undefined) => string);
}

/** Under this name a service knows where to announce what it did. The same in every copy of this package. */
const BINDING: unique symbol = Symbol.for("roomcast.realtime");

/** Where a bound service announces what it did. */
export class RealtimeBinding {
  readonly bus: EventBus;
  readonly #observer: Observer;
  readonly #tenantId: (context: unknown) => unknown;

  constructor(options: { readonly gateway: RealtimeGateway; readonly tenantId: (context: unknown) => unknown }) {
    this.bus = options.gateway.bus;
    this.#observer = options.gateway.observer;
    this.#tenantId = options.tenantId;
  }

  /** Throws rather than take one tenant for another. */
  tenantOf(context: unknown): string {
    const tenantId = this.#tenantId(context);
    if (typeof tenantId === "string") return tenantId;
    throw new TypeError(`A tenant's id is a text, not ${typeof tenantId}`);
  }

  failed(error: unknown): void {
    this.#observer.failed?.("realtime", error);
  }
}

/**
 * Lets the decorated methods of `service` announce what they do on the gateway's bus. Without it they announce nothing; a
 * service that was bound before goes over to this gateway. Returns the service.
 */
export function bindRealtime<Service extends object, Context = ExecutionContext>(
  service: Service,
  gateway: RealtimeGateway,
  options: RealtimeOptions<Context> = {},
): Service {
  const { tenantId = userTenant } = options;
  const binding = new RealtimeBinding({
    gateway,
    tenantId: typeof tenantId === "string" ? () => tenantId : (context) => tenantId(context as Context | undefined),
  });
  Object.defineProperty(service, BINDING, { value: binding, configurable: true });
  return service;
}

/** The binding of what a method was called on. */
export function bindingOf(service: unknown): RealtimeBinding | undefined {
  if ((typeof service !== "object" && typeof service !== "function") || service === null) return undefined;
  return (service as { readonly [BINDING]?: RealtimeBinding })[BINDING];
}

function userTenant(context: unknown): string {
  const user = (context as Partial<ExecutionContext> | undefined)?.user;
  return user?.tenantId ?? "default";
}

/** Stands on decorated methods, and on the prototypes that have some where the decorator is told of those. */
const DECORATED: unique symbol = Symbol.for("roomcast.decorated");

/** Takes note of a decorated method, or of what has one. Returns it. */
export function markRealtime<Marked extends object>(marked: Marked): Marked {
  return Object.defineProperty(marked, DECORATED, { value: true, configurable: true });
}

/** Whether an object, or what it inherits from, has methods with the decorators: for frameworks that bind by themselves. */
export function isRealtime(service: unknown): service is object {
  if ((typeof service !== "object" && typeof service !== "function") || service === null) return false;
  if (DECORATED in service) return true;
  for (let owner: unknown = service; isOwner(owner); owner = Object.getPrototypeOf(owner)) {
    for (const { value } of Object.values(Object.getOwnPropertyDescriptors(owner)) as readonly PropertyDescriptor[]) {
      if (typeof value === "function" && Object.hasOwn(value, DECORATED)) return true;
    }
  }
  return false;
}

/** Ends what `bindRealtime` did, where it was with this gateway. */
export function unbindRealtime(service: object, gateway: RealtimeGateway): void {
  const binding = Object.getOwnPropertyDescriptor(service, BINDING)?.value as RealtimeBinding | undefined;
  if (binding?.bus === gateway.bus) Reflect.deleteProperty(service, BINDING);
}

function isOwner(value: unknown): value is object {
  return value !== null && value !== Object.prototype && value !== Function.prototype;
}

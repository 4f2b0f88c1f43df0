import type { EventEmitter } from "node:events";

type Listener = (...args: unknown[]) => void;

/**
 * Makes a function that takes the room out of an event emitter which has got its listeners: Node keeps them in an object that
 * is made for change (160 to 450 bytes for two to five), whose lists have room for many. What has been put together here
 * behaves the same. One function for each kind of emitter, so that its objects are as large as that kind needs.
 *
 * `once` names events that are never emitted twice: their listeners are taken out of the wrappers (some 180 bytes each)
 * that would take them away when called.
 *
 * It works on `_events`, which Node documents nowhere and many libraries rely on; where that is not what it was, it does nothing.
 */
export function eventCompactor(once: readonly string[] = []): (emitter: EventEmitter) => void {
  // Without a prototype's properties, like Node's; as the `prototype` of a function, so that V8 treats it as one of many.
  const Events = function (): void {} as unknown as { prototype: object; new (): Record<PropertyKey, unknown> };
  Events.prototype = Object.create(null) as object;
  return (emitter) => {
    const events: unknown = Object.hasOwn(emitter, "_events") ? Reflect.get(emitter, "_events") : undefined;
    if (typeof events !== "object" || events === null || Object.getPrototypeOf(events) !== null) return;
    const compact = new Events();
    for (const name of Reflect.ownKeys(events)) {
      const unwrap = once.includes(name as string) ? unwrapped : (listener: Listener) => listener;
      const listeners: unknown = Reflect.get(events, name);
      if (Array.isArray(listeners)) compact[name] = (listeners as Listener[]).map(unwrap);
      else compact[name] = typeof listeners === "function" ? unwrap(listeners as Listener) : listeners;
    }
    Reflect.set(emitter, "_events", compact);
  };
}

/** What `emitter.once` was given; see `emitter.rawListeners` in Node's documentation. */
function unwrapped(listener: Listener): Listener {
  const inner: unknown = Reflect.get(listener, "listener");
  return typeof inner === "function" ? (inner as Listener) : listener;
}

import { Inject } from "@nestjs/common";

/** Under these the module provides; symbols of the registry, so that two copies of the package agree. */
export const ROOMCAST_OPTIONS = Symbol.for("roomcast.nest.options");
export const ROOMCAST_HOST = Symbol.for("roomcast.nest.host");
export const ROOMCAST = Symbol.for("roomcast.nest.roomcast");
export const ROOMCAST_GATEWAY = Symbol.for("roomcast.nest.gateway");

/** Injects the `Gateway`: publishes, notifies, lists, disconnects. */
export function InjectGateway(): ParameterDecorator & PropertyDecorator {
  return Inject(ROOMCAST_GATEWAY);
}

/** Injects what `embed` gives elsewhere: tokens, signed rooms, and the gateway too. */
export function InjectRoomcast(): ParameterDecorator & PropertyDecorator {
  return Inject(ROOMCAST);
}

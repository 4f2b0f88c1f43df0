import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from "@nestjs/common";
import { asObject, GatewayError } from "@roomcast/protocol";
import { toGatewayError } from "./exceptions.ts";

/**
 * Answers what was thrown in a handler of a `@WebSocketGateway` on the acknowledgement of that very message, as Roomcast
 * answers its own commands: `{ ok: false, error: { code, message, retryable, details? } }`. Where the client asked for
 * none, it is emitted as `exception`, with the fields that Nest has there too.
 *
 * All gateways of an application with `RoomcastModule` have it behind their own filters. Extend it for one that says something
 * else of an exception: `toError` decides what.
 */
export class RoomcastExceptionFilter implements ExceptionFilter {
  catch(exception: unknown, host: ArgumentsHost): void {
    const [client, data, acknowledge, pattern] = host.getArgs<unknown[]>();
    const error = this.toError(exception);
    // Mistakes of clients are theirs to know of.
    if (error.code === "INTERNAL") new Logger(RoomcastExceptionFilter.name).error(error.cause ?? exception);
    const answer = (wire: object, cause: object): void => {
      if (typeof acknowledge === "function") Reflect.apply(acknowledge, undefined, [{ ok: false, error: wire }]);
      else emit(client, { status: "error", ...wire, cause });
    };
    try {
      answer(error.toWire(), { pattern, data });
    } catch (failure) {
      // Details that are no JSON, or data too deep to be written: the client hears what was wrong without them.
      new Logger(RoomcastExceptionFilter.name).error(failure);
      answer(new GatewayError(error.code, error.message).toWire(), { pattern });
    }
  }

  /** What the client is told. */
  toError(exception: unknown): GatewayError {
    return toGatewayError(exception);
  }
}

Catch()(RoomcastExceptionFilter);

function emit(client: unknown, payload: object): void {
  const send = asObject(client)?.["emit"];
  if (typeof send === "function") Reflect.apply(send, client, ["exception", payload]);
}

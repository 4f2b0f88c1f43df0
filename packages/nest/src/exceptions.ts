import { HttpException } from "@nestjs/common";
import { WsException } from "@nestjs/websockets";
import { asObject, ERROR_TABLE, GatewayError, type ErrorCode } from "@roomcast/protocol";

/** What HTTP's other statuses of a client's mistakes come down to. */
const OTHER_MISTAKE = "INVALID_PAYLOAD";
/** The first code of the table for a status is the general one. */
const BY_STATUS: ReadonlyMap<number, ErrorCode> = new Map(
  (Object.entries(ERROR_TABLE) as readonly (readonly [ErrorCode, { readonly http?: number }])[])
    .toReversed()
    .flatMap(([code, { http }]) => (http === undefined ? [] : [[http, code]])),
);

/**
 * What was thrown in Nest's pipeline, as an error of the table. HTTP exceptions go by their status; what a `ValidationPipe`
 * found is in `details.errors`. A `WsException` may bring a `code` of the table, and else is `FORBIDDEN`. Anything else
 * is `INTERNAL` and tells nothing.
 */
export function toGatewayError(thrown: unknown): GatewayError {
  if (thrown instanceof HttpException) return fromHttp(thrown);
  if (thrown instanceof WsException) return fromWs(thrown);
  return GatewayError.from(thrown);
}

/** Whether somebody meant a client to hear of this. */
export function isMeant(thrown: unknown): boolean {
  return thrown instanceof GatewayError || thrown instanceof HttpException || thrown instanceof WsException;
}

function fromHttp(exception: HttpException): GatewayError {
  const status = exception.getStatus();
  const code = BY_STATUS.get(status) ?? (status < 500 ? OTHER_MISTAKE : "INTERNAL");
  if (code === "INTERNAL") return GatewayError.from(exception);
  const errors = asObject(exception.getResponse())?.["message"];
  const options = { cause: exception, ...(Array.isArray(errors) ? { details: { errors } } : undefined) };
  return new GatewayError(code, exception.message, options);
}

function fromWs(exception: WsException): GatewayError {
  const error = asObject(exception.getError());
  const given = error?.["code"];
  const code = typeof given === "string" && Object.hasOwn(ERROR_TABLE, given) ? (given as ErrorCode) : "FORBIDDEN";
  const details = asObject(error?.["details"]);
  const message = error?.["message"];
  return new GatewayError(code, typeof message === "string" ? message : exception.message, {
    cause: exception,
    ...(details === undefined ? undefined : { details }),
  });
}

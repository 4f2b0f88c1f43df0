import { GatewayError } from "@roomcast/protocol";
import type { ServiceBroker } from "moleculer";

/** What Moleculer answers for a call whose parameters are wrong. */
const UNPROCESSABLE = 422;

/**
 * The failures of the gateway as errors of the broker's own Moleculer, so that they reach callers on other nodes whole:
 * `INVALID_PAYLOAD` as a `ValidationError` that names the field, the rest with the gateway's code as `type`, its HTTP status
 * as `code` and its details as `data`.
 */
export async function translated<T>(broker: ServiceBroker, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw moleculerError(broker, thrown);
  }
}

function moleculerError(broker: ServiceBroker, thrown: unknown): unknown {
  if (!(thrown instanceof GatewayError) || broker.errorRegenerator === undefined) return thrown;
  const { code, message, status, retryable, details, stack } = thrown;
  const kind =
    code === "INVALID_PAYLOAD"
      ? {
          name: "ValidationError",
          code: UNPROCESSABLE,
          type: "VALIDATION_ERROR",
          data: [{ type: "invalid", field: details?.["path"], message, expected: details?.["expected"] }],
        }
      : {
          name: retryable ? "MoleculerRetryableError" : "MoleculerClientError",
          code: status,
          type: code,
          data: details,
        };
  const { nodeID } = broker;
  // Moleculer is only a type here; this makes the error with the classes of the broker that it is for.
  return broker.errorRegenerator.restore({ ...kind, message, retryable, nodeID, stack: stack ?? message }, {});
}

import { GatewayError } from "@roomcast/protocol";
import type { MiddlewareHandler } from "hono";
import type { RestEnv } from "./context.ts";

export interface BodyOptions {
  readonly maxBytes: number;
}

const JSON_TYPE = /^application\/json *(;|$)/i;

/**
 * Reads the bodies of POST requests: JSON in UTF-8, said to be so, and not too large. What is too large is refused
 * by its announced length, or while it comes in.
 */
export function jsonBody(options: BodyOptions): MiddlewareHandler<RestEnv> {
  return async (c, next) => {
    if (c.req.method !== "POST") return next();
    if (!JSON_TYPE.test(c.req.header("content-type") ?? "")) {
      throw new GatewayError("INVALID_PAYLOAD", "The body must be JSON, with Content-Type: application/json");
    }
    const announced = Number(c.req.header("content-length") ?? "0");
    if (announced > options.maxBytes) throw tooLarge(options.maxBytes);
    const body = await readText(c.req.raw.body, options.maxBytes);
    c.req.raw = new Request(c.req.url, { method: "POST", headers: c.req.raw.headers, body });
    return next();
  };
}

async function readText(body: ReadableStream<Uint8Array> | null, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body ?? []) {
      bytes += chunk.byteLength;
      if (bytes > maxBytes) break;
      chunks.push(chunk);
    }
  } catch (thrown) {
    throw new GatewayError("INVALID_PAYLOAD", "The body ended before its time", { cause: thrown });
  }
  if (bytes > maxBytes) throw tooLarge(maxBytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
  } catch (thrown) {
    throw new GatewayError("INVALID_PAYLOAD", "The body must be UTF-8", { cause: thrown });
  }
}

function tooLarge(maxBytes: number): GatewayError {
  return new GatewayError("TOO_LARGE", `The body is larger than ${maxBytes} bytes`, {
    details: { limit: "transportBytes" },
  });
}

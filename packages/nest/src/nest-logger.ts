import { Logger } from "@nestjs/common";
import type { ApplicationLogger } from "@roomcast/server";

type Serializers = Parameters<ApplicationLogger["child"]>[1]["serializers"];

/** Nest's logger, as Roomcast writes to one: a message, and its fields as JSON behind it. */
export function nestLogger(): ApplicationLogger {
  return {
    child(_bindings, { serializers }) {
      const logger = new Logger("Roomcast");
      return {
        debug: (...line: unknown[]) => logger.debug(text(line, serializers)),
        info: (...line: unknown[]) => logger.log(text(line, serializers)),
        warn: (...line: unknown[]) => logger.warn(text(line, serializers)),
        error: (...line: unknown[]) => logger.error(text(line, serializers)),
      };
    },
  };
}

/** Lines are a message, or fields and perhaps a message. */
function text([first, message]: readonly unknown[], serializers: Serializers): string {
  if (typeof first !== "object" || first === null) return String(first);
  const fields = Object.entries(first).map(([name, value]) => [name, serializers[name]?.(value) ?? value] as const);
  const shown = JSON.stringify(Object.fromEntries(fields));
  return typeof message === "string" ? `${message} ${shown}` : shown;
}

import { GatewayError } from "@roomcast/protocol";
import { describe, expect, it } from "vitest";
import type { LogLevel } from "./config/leaf.ts";
import { createLogger, logObserver } from "./logging.ts";
import { combineObservers } from "./observers.ts";

interface Line {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

function collect(level: LogLevel = "debug") {
  const text: string[] = [];
  const logger = createLogger({ level, destination: { write: (line: string) => void text.push(line) } });
  return { logger, text, lines: (): Line[] => text.map((line) => JSON.parse(line) as Line) };
}

const TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl";

describe("createLogger", () => {
  it("writes one JSON object a line, with its level in words", () => {
    const { logger, lines } = collect();
    logger.info({ port: 3000 }, "listening");
    expect(lines()).toEqual([{ level: "info", time: expect.any(Number), port: 3000, msg: "listening" }]);
  });

  it("keeps tokens, headers and payloads out, also by mistake", () => {
    const { logger, text } = collect();
    logger.warn(
      { token: TOKEN, headers: { authorization: TOKEN }, request: { authorization: TOKEN, payload: TOKEN } },
      "oops",
    );
    expect(text.join("")).not.toContain("eyJ");
    expect(text.join("")).toContain("[redacted]");
  });

  it("describes errors by type, code, message, stack and cause, and masks what they quote", () => {
    const { logger, text, lines } = collect();
    const cause = Object.assign(new Error(`bad token ${TOKEN} at redis://user:pw@host`), {
      code: "ERR_JWT",
      claims: { sub: "alice" },
    });
    logger.error({ err: new GatewayError("UNAVAILABLE", "away", { cause }) }, "failed");
    expect(lines()[0]?.["err"]).toMatchObject({
      type: "GatewayError",
      code: "UNAVAILABLE",
      message: "away",
      cause: { type: "Error", code: "ERR_JWT", message: "bad token [token] at redis://[redacted]@host" },
    });
    for (const secret of ["eyJ", "alice", "pw@"]) expect(text.join("")).not.toContain(secret);
  });

  it("survives whatever was thrown", () => {
    const { logger, lines } = collect();
    const circular = new Error("round");
    circular.cause = circular;
    for (const thrown of [null, undefined, 5, `text ${TOKEN}`, Object.create(null), circular]) {
      logger.error({ err: thrown }, "failed");
    }
    expect(lines()).toHaveLength(6);
    expect(lines()[3]?.["err"]).toEqual({ type: "string", message: "text [token]" });
  });
});

describe("logObserver", () => {
  it("says the same failure once in ten seconds, and then how often it was", () => {
    const { logger, lines } = collect();
    let now = 0;
    const observer = logObserver(logger, () => now);
    for (let count = 0; count < 100; count++) {
      now += 50;
      observer.failed?.("Redis", new Error("away"));
    }
    observer.failed?.("Redis", new Error("another"));
    observer.failed?.("lease", new Error("away"));
    now += 10_000;
    observer.failed?.("Redis", new Error("away"));
    expect(lines().map(({ where, repeated }) => ({ where, repeated }))).toEqual([
      { where: "Redis", repeated: undefined },
      { where: "Redis", repeated: undefined },
      { where: "lease", repeated: undefined },
      { where: "Redis", repeated: 99 },
    ]);
  });

  it("tells what somebody did that is written down, at level info", () => {
    const { logger, lines } = collect("info");
    const by = { userId: "root", via: "session" } as const;
    const record = { action: "revoke", target: "alice", by, details: { disconnected: 2 } } as const;
    combineObservers([logObserver(logger)]).audited("acme", record);
    expect(lines()).toMatchObject([{ level: "info", msg: "audit", tenantId: "acme", ...record }]);
  });

  it("tells failures with their cause at any level, and the rest at debug only", () => {
    for (const [level, expected] of [
      ["info", ["failed"]],
      ["debug", ["connected", "refused", "disconnected", "failed"]],
    ] as const) {
      const { logger, lines } = collect(level);
      const observer = logObserver(logger);
      observer.connected?.("native");
      observer.refused?.("FORBIDDEN");
      observer.disconnected?.("native", "client");
      observer.failed?.("broker", new Error("gone"));
      expect(lines().map((line) => line.msg)).toEqual(expected);
      expect(lines().at(-1)).toMatchObject({ level: "error", where: "broker", err: { message: "gone" } });
    }
  });
});

import { GatewayError } from "@roomcast/protocol";
import { describe, expect, it } from "vitest";
import { redisAddress, redisTrouble } from "./redis.ts";

const redis = { url: "redis://name:hunter%202@redis.example/1", prefix: "roomcast" };

function trouble(cause: unknown): string | undefined {
  return redisTrouble(new GatewayError("UNAVAILABLE", "The broker could not be started", { cause }), redis);
}

describe("redisAddress", () => {
  it.each([
    ["redis://:secret@10.0.0.1:7000/2", "10.0.0.1:7000"],
    ["rediss://redis.example", "redis.example:6379"],
    ["redis://[::1]", "[::1]:6379"],
  ])("of %s is %s", (url, address) => {
    expect(redisAddress({ url, prefix: "x" })).toBe(address);
  });
});

describe("redisTrouble", () => {
  it("says what the package says, and where to change it", () => {
    expect(trouble(new Error("Redis at redis.example:6379 wants a password", { cause: new Error("NOAUTH") }))).toBe(
      "Redis at redis.example:6379 wants a password (--redis, ROOMCAST_REDIS_URL or redis.url names it)",
    );
  });

  it("says what else is wrong on one line, and never a password", () => {
    const away = new GatewayError("UNAVAILABLE", "Redis is not available", { cause: new Error("LOADING data\nis.") });
    expect(trouble(away)).toBe(
      "Redis at redis.example:6379 cannot be used: LOADING data is (--redis, ROOMCAST_REDIS_URL or redis.url names it)",
    );
  });

  it("leaves other errors alone", () => {
    expect(redisTrouble(new Error("Port 1 is in use"), redis)).toBeUndefined();
  });
});

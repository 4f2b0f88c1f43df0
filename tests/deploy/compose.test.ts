import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DCLinter } from "dclint";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { RedisServer } from "../../packages/redis/test/redis-server.ts";
import { serve } from "../cli/program.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const path = join(root, "compose.yaml");

interface Compose {
  readonly services: Readonly<
    Record<
      "gateway" | "nginx" | "redis",
      {
        readonly command: readonly string[];
        readonly stop_grace_period?: string;
        readonly environment: Readonly<Record<string, string>>;
      }
    >
  >;
  readonly configs: Readonly<Record<"roomcast" | "nginx", { readonly file: string }>>;
}

const { services, configs } = parse(readFileSync(path, "utf8")) as Compose;

describe("compose.yaml", () => {
  let folder: string;
  let redis: RedisServer;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "roomcast-compose-"));
    redis = await RedisServer.start();
  });
  afterAll(async () => {
    await redis.stop();
    rmSync(folder, { recursive: true });
  });

  it("is of Compose's schema, and passes its linter", () => {
    // Quotes are those of our formatter.
    const rules = { "require-quotes-in-ports": [2, { quoteType: "double" }] as [2, object] };
    const linter = new DCLinter({ rules, quiet: false, debug: false, exclude: [] });
    const results: readonly { readonly messages: readonly object[] }[] = linter.lintFiles([path], false);
    expect(results.map(({ messages }) => messages)).toEqual([[]]);
  });

  it("gives nginx the tested example, in which nothing but the nodes is another", () => {
    const [shell = "", flag = "", command = ""] = services.nginx.command;
    const example = join(root, configs.nginx.file);
    const written = join(folder, "default.conf");
    const here = command
      .replace("/etc/roomcast/nginx.conf", example)
      .replace("/etc/nginx/conf.d/default.conf", written)
      .replace(/exec nginx .*$/, "true");
    execFileSync(shell, [flag, here]);
    const lines = (file: string): readonly string[] => readFileSync(file, "utf8").split("\n");
    const [before, after] = [lines(example), lines(written)];
    expect(after.filter((line) => !before.includes(line))).toEqual(["    server gateway:3000;"]);
    expect(before.filter((line) => !after.includes(line))).toEqual([
      "    server 127.0.0.1:3001;",
      "    server 127.0.0.1:3002;",
    ]);
  });

  it("starts Redis by a command that it understands", () => {
    const [program = "", ...args] = services.redis.command;
    expect(program).toBe("redis-server");
    const { stdout } = spawnSync(
      "redis-server",
      [
        ...args,
        "--port",
        "0",
        "--daemonize",
        "no",
        "--unixsocket",
        join(folder, "redis"),
        "--loadmodule",
        join(folder, "none"),
      ],
      { encoding: "utf8" },
    );
    expect(stdout).not.toContain("FATAL CONFIG FILE ERROR");
    expect(stdout).toContain("Can't load module from");
  });

  it("gives a gateway settings with which it starts, and time to drain", { timeout: 30_000 }, async () => {
    const { program, url } = await serve(["--config", join(root, configs.roomcast.file)], {
      env: {
        ...services.gateway.environment,
        NODE_ENV: "production",
        // What Compose puts in the place of its variables.
        ROOMCAST_JWT_SECRET: "a secret that is long enough for HS256",
        ROOMCAST_API_KEY: "",
        ROOMCAST_REDIS_URL: `redis://127.0.0.1:${redis.port}`,
      },
    });
    expect((await fetch(`${url}/ready`)).status).toBe(200);
    program.kill("SIGTERM");
    expect(await program.end()).toEqual({ code: 0, signal: null });
    const [, drainSeconds] = /"drainSeconds":(\d+)/.exec(program.stdout) ?? [];
    expect(Number.parseInt(services.gateway.stop_grace_period ?? "0", 10)).toBeGreaterThanOrEqual(
      Number(drainSeconds) + 2,
    );
  });
});

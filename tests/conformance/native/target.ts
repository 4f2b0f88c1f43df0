import { fileURLToPath } from "node:url";
import { RedisServer } from "../../../packages/redis/test/redis-server.ts";
import { serve, type Program } from "../../cli/program.ts";

/** Which configuration a target runs with. */
export type TargetKind = "main" | "strict" | "issuers" | "twakeLegacy" | "steedos" | "steedosVisitors" | "steedosHook";

/** What the suite runs against. */
export interface Target {
  /** Addresses of the nodes of one cluster. */
  readonly urls: readonly [string, ...string[]];
  /** The shared secret of its tokens. */
  readonly secret: string;
  /** A key for every tenant, with every role. */
  readonly apiKey: string;
  /** Ends it, where we started it: resolves with the exit codes of its nodes. */
  stop(): Promise<readonly (number | null)[]>;
  /** The processes of the nodes, where we started them. */
  readonly programs: readonly Program[];
}

const CONFIGS: Readonly<Record<TargetKind, URL>> = {
  main: new URL("./main.config.mjs", import.meta.url),
  strict: new URL("./strict.config.mjs", import.meta.url),
  issuers: new URL("./issuers.config.mjs", import.meta.url),
  twakeLegacy: new URL("../twake/legacy.config.mjs", import.meta.url),
  steedos: new URL("../steedos/steedos.config.mjs", import.meta.url),
  steedosVisitors: new URL("../steedos/visitors.config.mjs", import.meta.url),
  steedosHook: new URL("../steedos/hook.config.mjs", import.meta.url),
};
const URL_VARIABLES: Readonly<Record<TargetKind, string>> = {
  main: "ROOMCAST_TARGET_URL",
  strict: "ROOMCAST_TARGET_STRICT_URL",
  issuers: "ROOMCAST_TARGET_ISSUERS_URL",
  twakeLegacy: "ROOMCAST_TARGET_TWAKE_LEGACY_URL",
  steedos: "ROOMCAST_TARGET_STEEDOS_URL",
  steedosVisitors: "ROOMCAST_TARGET_STEEDOS_VISITORS_URL",
  steedosHook: "ROOMCAST_TARGET_STEEDOS_HOOK_URL",
};

const secret = process.env["ROOMCAST_TARGET_SECRET"] ?? "the secret of the conformance suite";
/** How many nodes a target of our own has; more than one are behind a Redis of their own. */
export const NODES = Number(process.env["ROOMCAST_TARGET_NODES"] ?? 1);
const apiKey = process.env["ROOMCAST_TARGET_API_KEY"] ?? "conformance-key-for-everything";

/** The target that the environment names, else one of our own. */
export async function findTarget(kind: TargetKind, env: Readonly<Record<string, string>> = {}): Promise<Target> {
  const [first, ...others] = (process.env[URL_VARIABLES[kind]] ?? "")
    .split(",")
    .map((url) => url.trim().replace(/\/$/, ""));
  if (first === undefined || first === "") return await startTarget(kind, env);
  return { urls: [first, ...others], secret, apiKey, programs: [], stop: () => Promise.resolve([]) };
}

/** A target of our own, with processes to end. */
export async function startTarget(kind: TargetKind, env: Readonly<Record<string, string>> = {}): Promise<Target> {
  const redis = NODES > 1 ? await RedisServer.start() : undefined;
  const start = async () =>
    await serve(
      [
        ...["--config", fileURLToPath(CONFIGS[kind]), "--log-level", "warn"],
        ...(redis === undefined ? [] : ["--redis", redis.url]),
      ],
      { env: { ROOMCAST_JWT_SECRET: secret, ROOMCAST_API_KEY: apiKey, ...env } },
    );
  const attempts = await Promise.allSettled(Array.from({ length: NODES }, start));
  const started = attempts.flatMap((attempt) => (attempt.status === "fulfilled" ? [attempt.value] : []));
  const failed = attempts.find((attempt) => attempt.status === "rejected");
  if (failed !== undefined) {
    for (const { program } of started) program.kill("SIGKILL");
    await redis?.stop();
    throw failed.reason;
  }
  const programs = started.map(({ program }) => program);
  return {
    urls: started.map(({ url }) => url) as [string, ...string[]],
    secret,
    apiKey,
    programs,
    async stop() {
      const codes = await Promise.all(
        programs.map(async (program) => {
          program.kill("SIGTERM");
          return (await program.end()).code;
        }),
      );
      await redis?.stop();
      return codes;
    },
  };
}

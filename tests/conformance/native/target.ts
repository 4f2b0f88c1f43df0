import { once } from "node:events";
import { fileURLToPath } from "node:url";
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
  /** Ends it, where we started it: resolves with its exit code. */
  stop(): Promise<number | null>;
  /** The process, where we started it. */
  readonly program?: Program;
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
const apiKey = process.env["ROOMCAST_TARGET_API_KEY"] ?? "conformance-key-for-everything";

/** The target that the environment names, else one of our own. */
export async function findTarget(kind: TargetKind, env: Readonly<Record<string, string>> = {}): Promise<Target> {
  const [first, ...others] = (process.env[URL_VARIABLES[kind]] ?? "")
    .split(",")
    .map((url) => url.trim().replace(/\/$/, ""));
  if (first === undefined || first === "") return await startTarget(kind, env);
  return { urls: [first, ...others], secret, apiKey, stop: () => Promise.resolve(0) };
}

/** A target of our own, with a process to end. */
export async function startTarget(
  kind: TargetKind,
  env: Readonly<Record<string, string>> = {},
): Promise<Target & { program: Program }> {
  const { program, url } = await serve(["--config", fileURLToPath(CONFIGS[kind]), "--log-level", "warn"], {
    env: { ROOMCAST_JWT_SECRET: secret, ROOMCAST_API_KEY: apiKey, ...env },
  });
  return {
    urls: [url],
    secret,
    apiKey,
    program,
    async stop() {
      const { child } = program;
      if (child.exitCode === null && child.signalCode === null) {
        const closed = once(child, "close");
        program.kill("SIGTERM");
        await closed;
      }
      return child.exitCode;
    },
  };
}

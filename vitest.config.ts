import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

// Tests run on the sources: every package offers them under this export condition.
const conditions = ["@roomcast/source"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    // Only what hangs may reach these, on a busy machine of two cores, too. Waits end earlier, and say what they waited for.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 15_000 } },
    setupFiles: ["./tests/patience.ts"],
    pool: "forks",
    // Also where there are only two cores: most tests wait for other processes, browsers among them.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        extends: true,
        test: {
          name: "all",
          include: ["packages/*/src/**/*.test.{ts,tsx}", "tests/**/*.test.ts"],
          exclude: ["packages/nest/**"],
        },
      },
      {
        extends: true,
        // Decorators as Nest has them, of which Vite's compiler knows the older kind.
        oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
        test: { name: "nest", include: ["packages/nest/src/**/*.test.ts"] },
      },
      {
        extends: true,
        test: {
          name: "two nodes",
          include: ["tests/conformance/**/*.test.ts"],
          env: { ROOMCAST_TARGET_NODES: "2" },
        },
      },
    ],
  },
});

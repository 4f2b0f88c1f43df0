import { defineConfig } from "vitest/config";

// Tests run on the sources: every package offers them under this export condition.
const conditions = ["@roomcast/source"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    testTimeout: 20_000,
    pool: "forks",
    projects: [
      {
        extends: true,
        test: {
          name: "all",
          include: ["packages/*/src/**/*.test.{ts,tsx}", "tests/**/*.test.ts"],
          // Joins them when ten seeds in a row have been without a violation: `npm run faults`.
          exclude: ["tests/faults/faults.test.ts", "packages/nest/**"],
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
          exclude: [
            // These start nodes of their own kind.
            "tests/conformance/plazer/hosts.test.ts",
            "tests/conformance/twake/resources.test.ts",
            // What these are about is decided by the node that is asked, without any other; they take long.
            "tests/conformance/native/{bad-input,connecting,draining,issuers}.test.ts",
            "tests/conformance/plazer/refusals.test.ts",
            "tests/conformance/steedos/{connecting,origins,visitors}.test.ts",
            "tests/conformance/twake/{limits,login}.test.ts",
          ],
          env: { ROOMCAST_TARGET_NODES: "2" },
        },
      },
    ],
  },
});

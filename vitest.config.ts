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
        },
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

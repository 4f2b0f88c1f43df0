import { defineConfig } from "vitest/config";

// Tests run on the sources: every package offers them under this export condition.
const conditions = ["@roomcast/source"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ["packages/*/src/**/*.test.ts", "tests/**/*.test.ts"],
    testTimeout: 20_000,
    pool: "forks",
  },
});

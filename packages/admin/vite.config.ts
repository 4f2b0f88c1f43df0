import react from "@vitejs/plugin-react";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { defaultClientConditions, defineConfig, type Plugin } from "vite";

const OUT = "../server/admin";
const BASE =
  /node_modules\/(react|react-dom|scheduler|i18next|react-i18next|@tanstack\/(query-core|react-query)|wouter|regexparam|use-sync-external-store|clsx|@mantine\/hooks)\//;
/** Of Mantine, what the sign-in page and most others have. */
const MANTINE =
  /@mantine\/core\/esm\/components\/(Alert|Anchor|Badge|Button|Center|Container|Group|Loader|NativeSelect|Paper|Radio|SimpleGrid|Skeleton|Stack|Text|TextInput|Title)\//;

export default defineConfig({
  // Addresses are relative to the page's `<base>`, which the server fills in.
  base: "./",
  plugins: [react(), styled(), compressed()],
  resolve: { conditions: ["@roomcast/source", ...defaultClientConditions] },
  build: {
    outDir: OUT,
    emptyOutDir: true,
    target: "es2023",
    // Small files inside of others would be `data:` addresses, which the page's policy does not let in.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      output: {
        codeSplitting: {
          // What every part needs are two files: else they would be dozens of small ones.
          groups: [
            { name: "base", test: BASE, priority: 2, includeDependenciesRecursively: false },
            { name: "mantine", test: MANTINE, priority: 1 },
          ],
        },
      },
    },
  },
});

/** Gives each component of Mantine its own styles, where it names its classes: the page has those of what it uses. */
function styled(): Plugin {
  return {
    name: "styled",
    transform: {
      filter: { id: /@mantine\/core\/esm\/.+\.module\.mjs$/ },
      handler: (code, id) => ({
        code: `import "@mantine/core/styles/${basename(id, ".module.mjs")}.css";\n${code}`,
        map: null,
      }),
    },
  };
}

/** Writes each asset compressed beside it, so that serving compresses nothing. */
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    closeBundle() {
      const folder = join(import.meta.dirname, OUT, "assets");
      for (const name of readdirSync(folder)) {
        const bytes = readFileSync(join(folder, name));
        writeFileSync(join(folder, `${name}.gz`), gzipSync(bytes, { level: 9 }));
        const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
        writeFileSync(join(folder, `${name}.br`), brotliCompressSync(bytes, { params }));
      }
    },
  };
}

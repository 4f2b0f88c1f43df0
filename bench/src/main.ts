import { connectionsBench } from "./connections.ts";
import { fanoutBench } from "./fanout.ts";

const BENCHES: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = {
  connections: connectionsBench,
  fanout: fanoutBench,
};

const [name = "connections", ...args] = process.argv.slice(2);
const bench = Object.hasOwn(BENCHES, name) ? BENCHES[name] : undefined;
if (bench === undefined || args.includes("--help")) {
  process.stderr.write(`npm run bench -- ${Object.keys(BENCHES).join(" | ")} [options]\n`);
  process.exitCode = bench === undefined ? 2 : 0;
} else {
  await bench(args).catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
}

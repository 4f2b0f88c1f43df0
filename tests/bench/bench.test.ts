import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Program, type RunOptions } from "../cli/program.ts";

const BENCH = fileURLToPath(new URL("../../bench/dist/main.js", import.meta.url));
const LIARS = fileURLToPath(new URL("hosts", import.meta.url));
const SMALL = ["fanout", "--readers", "100", "--burst", "4", "--rounds", "1", "--deliveries", "4000"];

let results: string;
/** Where what is measured has its temporary files. */
let temporary: string;
beforeEach(() => {
  results = mkdtempSync(join(tmpdir(), "bench-test-"));
  temporary = mkdtempSync(join(tmpdir(), "bench-test-"));
});
afterEach(() => {
  for (const folder of [results, temporary]) rmSync(folder, { recursive: true, force: true });
});

function start(args: readonly string[], { env, ...options }: RunOptions = {}): Program {
  const whole = { ...options, env: { TMPDIR: temporary, ...env } };
  return new Program(process.execPath, [BENCH, ...args, "--results", results], whole);
}

async function run(args: readonly string[], options?: RunOptions) {
  const program = start(args, options);
  const { code } = await program.end();
  return { code, stdout: program.stdout, stderr: program.stderr };
}

/** Where it failed, what it said of that is in the failure. */
function succeeded({ code, stderr }: { readonly code: number | null; readonly stderr: string }): void {
  expect(code === 0 ? { code } : { code, stderr }).toEqual({ code: 0 });
}

describe("npm run bench", { timeout: 120_000 }, () => {
  it("measures who is there, names who is not, and writes tables and charts", async () => {
    const { code, stdout, stderr } = await run(SMALL);
    succeeded({ code, stderr });
    expect(stdout).toContain("100 readers, 4 a tick, 100 bytes\n");
    for (const name of ["Roomcast", "plain Socket.IO", "bare ws"])
      expect(stdout).toMatch(new RegExp(`^${name} +\\d+\\.\\d\\d +\\d`, "m"));
    for (const name of ["NATS", "Nchan in nginx"])
      expect(stdout).toMatch(new RegExp(`^${name} +(?:\\d+\\.\\d\\d +\\d|skipped: .+\\(apt-get install .+\\)$)`, "m"));
    expect(readdirSync(results).toSorted((a, b) => a.localeCompare(b))).toEqual(["fanout.json", "fanout.svg"]);
    expect(JSON.parse(readFileSync(join(results, "fanout.json"), "utf8"))).toMatchObject({
      bench: "fanout",
      rounds: 1,
      contests: [
        {
          parameters: { readers: 100, burst: 4 },
          results: [{ name: "roomcast", values: { cpu: [expect.any(Number)] } }, {}, {}, {}, {}],
        },
      ],
    });
    expect(readFileSync(join(results, "fanout.svg"), "utf8")).toMatch(/^<svg[^]+plain Socket\.IO[^]+<\/svg>\n$/);
    expect(readdirSync(temporary)).toEqual([]);
  });

  it("measures lists over REST, of each store that there is", async () => {
    const small = ["--connections", "4000", "--channels", "4000", "--requests", "2", "--gap", "1", "--rounds", "1"];
    const { code, stdout, stderr } = await run(["lists", ...small]);
    succeeded({ code, stderr });
    for (const store of ["memory", "redis"]) expect(stdout).toContain(`${store}: 4,000 connections, 4,000 channels\n`);
    for (const list of ["channels by members, last", "channels that one name has", "connections of no address"])
      expect(
        stdout.match(new RegExp(`^${list} +(?:\\d+\\.\\d|skipped: .+\\(apt-get install .+\\)$)`, "gm")),
      ).toHaveLength(2);
    expect(readdirSync(temporary)).toEqual([]);
  });

  it("measures the fan-out with the operators' page open and without", async () => {
    const small = ["--readers", "50", "--seconds", "2", "--turns", "2", "--rounds", "1"];
    const { code, stdout, stderr } = await run(["admin", ...small]);
    succeeded({ code, stderr });
    expect(stdout).toContain("50 readers, 1 a tick, 100 bytes\n");
    expect(stdout).toMatch(/^Roomcast(?: +\d+\.\d+){3}$/m);
    expect(readdirSync(temporary)).toEqual([]);
  });

  it("measures the admin page in a browser", async () => {
    const small = ["--connections", "400", "--channels", "400", "--events", "200"];
    const short = ["--seconds", "1", "--memory", "1", "--rounds", "1", "--contenders", "plain,connections,tail"];
    const { code, stdout, stderr } = await run(["admin-page", ...small, ...short]);
    succeeded({ code, stderr });
    expect(stdout).toContain("frames: 400 connections, 400 channels, 200 events / s\n");
    for (const view of ["an empty page, scrolled", "connections, scrolled"])
      expect(stdout).toMatch(new RegExp(`^${view} +\\d+\\.\\d`, "m"));
    const { contests } = JSON.parse(readFileSync(join(results, "admin-page.json"), "utf8")) as {
      contests: { results: { name: string; values: Record<string, (number | null)[]> }[] }[];
    };
    const [frames, loads, memory] = contests.map((contest) =>
      Object.fromEntries(contest.results.map(({ name, values }) => [name, values])),
    );
    // All that was published on the channel that is open came to it, and was shown.
    for (const tail of [frames?.["tail"], memory?.["tail"]]) expect(tail?.["given"]).toEqual([100]);
    expect(frames?.["connections"]?.["rows"]?.[0]).toBeGreaterThan(0);
    expect(loads?.["page"]?.["overviewKib"]?.[0]).toBeGreaterThan(loads?.["page"]?.["signInKib"]?.[0] ?? Infinity);
    expect(memory?.["tail"]?.["after"]?.[0]).toBeGreaterThan(0);
    expect(readdirSync(temporary)).toEqual([]);
  });

  it("says how to install what is missing, and measures the others", async () => {
    const { code, stdout } = await run([...SMALL, "--contenders", "plain,nats,nchan"], {
      env: { BENCH_PATH: temporary },
    });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^plain Socket\.IO +\d/m);
    expect(stdout).toMatch(/^NATS +skipped: nats-server is not installed \(apt-get install nats-server\)$/m);
    expect(stdout).toMatch(/^Nchan in nginx +skipped: nginx with Nchan is not installed \(apt-get install .+\)$/m);
  });

  it.each([
    [["fanout", "--contenders", "plain,plane"], "There is no contender plane here; there are roomcast, plain, ws"],
    [["fanout", "--readers", "many"], "--readers must be a whole number above 0, not many"],
    [["payloads", "--ticks", "1x2x3"], "--ticks must be like 1x100,10x16384, not 1x2x3"],
    [["lists", "--stores", "disk"], "There is no store disk; there are memory, redis"],
    [["lists", "--channels", "10"], "--connections and --channels must be 4000 or more"],
    [["admin-page", "--events", "0"], "--events must be a whole number above 0, not 0"],
    [["fan"], "There is no bench fan"],
  ])("refuses %j", async (args, reason) => {
    const { code, stderr } = await run(args);
    expect(code).toBe(1);
    expect(stderr).toContain(reason);
    expect(readdirSync(results)).toEqual([]);
  });

  it("says that the system does not allow so many connections", async () => {
    const shell = new Program("sh", [
      "-c",
      `ulimit -n 500; exec "$@"`,
      "sh",
      process.execPath,
      BENCH,
      "fanout",
      "--readers",
      "100,1000",
    ]);
    expect(await shell.end()).toMatchObject({ code: 1 });
    expect(shell.stderr).toMatch(
      /1000 connections need 1200 open files in a process, and this system allows 500\. Raise/,
    );
    expect(shell.stdout).not.toContain("CPU µs");
  });

  it.each([
    ["wrong text", /A reader was given this as event 7: .*yxxx/],
    ["shorter to one", /as event 7, another/],
    ["twice", /as event 8|A reader was given \d+ (?:bytes|events)/],
    ["another's to one", /A reader was given (?:7|8|9) events of 8|as event 8/],
    ["out of order", /as event 7: .*"number":8/],
    ["none to one", /Readers were given \d+ events of \d+, and no more came/],
    ["closes one", /The server closed a connection/],
    ["one too many at last", /A reader was given \d+ events of \d+/],
  ])("lets no server win that lies: %s", async (lie, reason) => {
    const env = { BENCH_CONTENDERS: LIARS, LIE: lie };
    const { code, stdout, stderr } = await run([...SMALL, "--contenders", "ws"], { env });
    expect(code).toBe(1);
    expect(stderr).toMatch(reason);
    expect(stdout).not.toContain("bare ws");
    expect(readdirSync(results)).toEqual([]);
  });

  it("measures that server when it does not lie", async () => {
    const { code } = await run([...SMALL, "--contenders", "ws"], { env: { BENCH_CONTENDERS: LIARS } });
    expect(code).toBe(0);
  });
});

/** The processes of a group, and their arguments. Those that have ended and whom nobody has asked yet are none. */
function processes(group: number): readonly string[] {
  const all = execFileSync("ps", ["-A", "-o", "pgid=,stat=,args="], { encoding: "utf8" }).split("\n");
  return all.filter((line) => new RegExp(`^ *${group} +[^Z]`).test(line));
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe("an interrupted bench", { timeout: 120_000 }, () => {
  const contenders = [
    { name: "roomcast", runs: "contenders/roomcast" },
    { name: "plain", runs: "contenders/plain" },
    { name: "nats", runs: "nats-server -c" },
    { name: "nchan", runs: "nginx: worker" },
  ];
  const ways = ["SIGINT to all", "SIGINT", "SIGTERM", "SIGKILL"] as const;
  const moments = ["at its start", "when the server is there", "while it measures"] as const;
  const cases = ways.flatMap((way, at) =>
    moments.map((moment, next) => ({ way, moment, ...(contenders[(at + next) % 4] as (typeof contenders)[0]) })),
  );

  it.each(cases)("leaves nothing behind after $way $moment ($name)", async ({ way, moment, name, runs }) => {
    const bench = start([...SMALL, "--contenders", name, "--deliveries", "100000000"], { group: true });
    const group = bench.child.pid as number;
    // Where a program is not installed there is nothing to interrupt.
    const first = await bench.written(/round 1\/1|skipped/);
    if (first[0] !== "skipped") {
      if (moment !== "at its start") await until(() => processes(group).some((line) => line.includes(runs)));
      if (moment === "while it measures")
        await until(() => processes(group).some((line) => line.includes("fanout-load")));
      if (way === "SIGINT to all") bench.kill("SIGINT");
      else bench.child.kill(way);
      const { code, signal } = await bench.end();
      // Before anything is started, and when all has ended, signals do what they do to any program.
      if (code === null) expect(signal).toBe(way === "SIGINT to all" ? "SIGINT" : way);
      else expect(code).toBe(130);
    }
    await until(() => processes(group).length === 0);
    expect(readdirSync(temporary)).toEqual([]);
    expect(readdirSync(results)).toEqual(first[0] === "skipped" ? expect.any(Array) : []);
  });
});

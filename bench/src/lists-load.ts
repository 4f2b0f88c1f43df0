import { answer, SECRET } from "./child.ts";
import { monotonic } from "./clock.ts";
import { percentile } from "./contest.ts";
import { within } from "./within.ts";

/**
 * An operator who looks at lists. Arguments: port. Asked: `find`, the path of a page of a list; `list`, answered with how long
 * that page took, time after time.
 */
const [port] = process.argv.slice(2).map(Number) as [number];
const headers = { "X-Api-Key": SECRET };
const PATIENCE_SECONDS = 60;

export interface Asked {
  /** Below `/api/socket/`. */
  readonly path: string;
  readonly page: "first" | "middle" | "last";
  /** How many entries it must have; of a last page, any. */
  readonly entries: number;
  readonly requests: number;
  /** Milliseconds between requests. */
  readonly gap: number;
}

/** Of each page, in milliseconds. */
export interface Times {
  readonly p50: number;
  readonly p95: number;
  readonly most: number;
  /** Pages until the entries were found, or the list ended. */
  readonly pages: number;
}

/** Paths of pages far down, by list and page. */
const known = new Map<string, string>();

answer({
  find: async ({ path, page }: Pick<Asked, "path" | "page">) => {
    const key = `${page} ${path}`;
    const found = known.get(key) ?? (await find(path, page));
    known.set(key, found);
    return found;
  },
  list: async ({ path, page, entries, requests, gap }: Asked): Promise<Times> => {
    const times: number[] = [];
    for (let request = 0; request < requests; request++) {
      // What is looked for may be on a later page.
      let found = 0;
      for (let at: string | undefined = path; at !== undefined && found < (entries || 1);) {
        const began = monotonic();
        const one = await read(at);
        times.push(monotonic() - began);
        found += one.found;
        at = one.next;
      }
      const whole = page === "last" ? found >= 1 : found === entries;
      if (!whole) throw new Error(`${path} has ${found} entries instead of ${entries}`);
      await new Promise((resolve) => setTimeout(resolve, gap));
    }
    const sorted = Float64Array.from(times).sort();
    return {
      p50: percentile(sorted, 0.5),
      p95: percentile(sorted, 0.95),
      most: sorted.at(-1) as number,
      pages: times.length / requests,
    };
  },
});

/** Goes through the list in pages of a thousand, until half of it or all but a page lies behind. */
async function find(path: string, page: Asked["page"]): Promise<string> {
  if (page === "first") return path;
  let at: string | undefined = path.replace("limit=100", "limit=1000");
  let passed = 0;
  for (;;) {
    const { found, total, next } = await read(at);
    passed += found;
    const enough = page === "middle" ? passed >= total / 2 : passed >= total - 1000;
    if (next === undefined) throw new Error(`${path} ends after ${passed} of ${total}`);
    if (enough) return next.replace("limit=1000", "limit=100");
    at = next;
  }
}

async function read(path: string): Promise<{ readonly found: number; readonly total: number; readonly next?: string }> {
  const response = await within(
    PATIENCE_SECONDS,
    path,
    fetch(`http://127.0.0.1:${port}/api/socket/${path}`, { headers }),
  );
  const body = (await response.json()) as readonly unknown[];
  if (response.status !== 200) throw new Error(`${path}: ${JSON.stringify(body)}`);
  const next = /^<\/api\/socket\/(.*)>; rel="next"$/.exec(response.headers.get("link") ?? "")?.[1];
  const total = Number(response.headers.get("x-total-count"));
  return { found: body.length, total, ...(next === undefined ? undefined : { next }) };
}

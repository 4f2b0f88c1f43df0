const PATHS: ReadonlySet<string> = new Set([
  "/health",
  "/ready",
  "/metrics",
  "/openapi.json",
  "/asyncapi.json",
  "/auth/token",
  "/auth/verify",
  "/auth/room-token",
  "/auth/session",
  "/auth/session/ticket",
]);
/** Everything below them is REST's. */
const TREES = ["/api/socket", "/api/cluster"] as const;
/** What REST's paths begin with, those that it does not have yet too. */
const ROOTS: ReadonlySet<string> = new Set([...PATHS, ...TREES].map((path) => path.split("/", 2).join("/")));
/** Where a request that is not below the prefix is sent: no route has it. */
const NOWHERE = "//";

/** Whether a path is one of REST's under its prefix, on a server that has other paths too. */
export function isRestPath(path: string, prefix = ""): boolean {
  const inside = below(prefix, path);
  return TREES.some((tree) => isWithin(tree, inside)) || PATHS.has(inside);
}

/** A path as REST's routes have it, without their prefix. */
export function below(prefix: string, path: string): string {
  return path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : NOWHERE;
}

/** Whether a path is this one or below it. */
export function isWithin(tree: string, path: string): boolean {
  return path === tree || path.startsWith(`${tree}/`);
}

/** Whether something below this path would be taken for REST's, or the other way round. */
export function meetsRest(path: string, prefix: string): boolean {
  return [...ROOTS].some((root) => isWithin(prefix + root, path) || isWithin(path, prefix + root));
}

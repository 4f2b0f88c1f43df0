/** What the processes of a measurement say to each other. */

export interface Memory {
  /** Bytes in use on the heap after collection. */
  readonly heap: number;
  /** Bytes of memory that the process holds, buffers and sockets' structures in user space included. */
  readonly resident: number;
}

export type ServerQuestion =
  | { readonly kind: "memory" | "cpu" }
  | { readonly kind: "publish"; readonly burst: number; readonly bytes: number };

export type ServerMessage =
  | { readonly kind: "listening"; readonly port: number }
  /** Of the process, user and system together, since it began. */
  | { readonly kind: "cpu"; readonly microseconds: number }
  | ({ readonly kind: "memory"; readonly connections: number } & Memory);

export type LoadMessage =
  | { readonly kind: "connected"; readonly count: number }
  | { readonly kind: "done"; readonly count: number }
  | { readonly kind: "failed"; readonly reason: string };

export const SECRET = "a secret of the bench that guards nothing at all";

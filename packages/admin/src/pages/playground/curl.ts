import type { Identity } from "./tokens.ts";

export interface CurlSubject {
  readonly origin: string;
  /** What the addresses of REST begin with. */
  readonly api: string;
  readonly tenantId: string;
  readonly identity: Identity;
  /** Rooms to make tokens for. */
  readonly rooms: readonly string[];
}

/** The calls of REST that make the tokens, for a shell, by an API key. */
export function curlCode({ origin, api, tenantId, identity, rooms }: CurlSubject): string {
  const { userId } = identity;
  return [
    call(`${origin}${api}/auth/token`, tenantId, { ...identity, tenantId }),
    ...rooms.map((room) => call(`${origin}${api}/auth/room-token`, tenantId, { userId, room })),
  ].join("\n");
}

function call(url: string, tenantId: string, body: object): string {
  return [
    `curl -sS ${quote(url)} \\`,
    `  -H "X-Api-Key: $ROOMCAST_API_KEY" \\`,
    `  -H ${quote(`X-Tenant-Id: ${tenantId}`)} \\`,
    `  -H 'Content-Type: application/json' \\`,
    `  -d ${quote(JSON.stringify(body))}`,
    "",
  ].join("\n");
}

/** A word of a shell. */
function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

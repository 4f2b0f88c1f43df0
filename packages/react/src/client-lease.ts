import { decodeToken, RealtimeClient, type RealtimeClientOptions } from "@roomcast/client";

export interface ClientLeaseOptions extends Omit<RealtimeClientOptions, "autoConnect"> {
  /** Whether to connect when it is first acquired. */
  readonly autoConnect: boolean;
}

/** A client that is connected while somebody has it: from the first `acquire` to a turn after the last is given back. */
export class ClientLease {
  readonly client: RealtimeClient;
  readonly autoConnect: boolean;
  #token: RealtimeClientOptions["token"];
  #holders = 0;

  constructor(options: ClientLeaseOptions) {
    this.autoConnect = options.autoConnect;
    this.#token = options.token;
    this.client = new RealtimeClient({ ...options, autoConnect: false });
  }

  /** Connects. Returns what gives it back, which is to be called once. */
  acquire(): () => void {
    this.#holders++;
    if (this.autoConnect) this.client.connect();
    return () => {
      this.#holders--;
      // Who comes back at once, as effects under StrictMode do, finds the same connection.
      setTimeout(() => {
        if (this.#holders === 0) this.client.disconnect();
      });
    };
  }

  /** Replaces the connection by one with this token, unless it has it; also where the token before was refused. */
  setToken(token: string | null): void {
    if (token === this.#token) return;
    this.#token = token;
    this.client.setToken(token);
    if (this.#holders > 0 && this.autoConnect) this.client.connect();
  }
}

/** What two tokens of one login have in common: all that they say but when and by which number. */
export function tokenIdentity(token: string | null): string {
  const claims = token === null ? null : decodeToken(token);
  if (claims === null) return String(token);
  const said = Object.entries(claims).filter(([name]) => !["exp", "iat", "nbf", "jti"].includes(name));
  return JSON.stringify(said.sort(([a], [b]) => (a < b ? -1 : 1)));
}

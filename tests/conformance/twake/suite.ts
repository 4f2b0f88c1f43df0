import { expect } from "vitest";
import { unique, useTarget, type Suite, type UseTargetOptions } from "../native/suite.ts";
import type { TargetKind } from "../native/target.ts";
import { TwakeClient, type TwakeOptions } from "./client.ts";

export const NOT_AUTHORIZED = "User is not authorized to join room";

export interface TwakeUserOptions extends TwakeOptions {
  /** Claims beside or instead of the usual ones; undefined removes one. */
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly tenantId?: string;
  readonly url?: string;
}

/** Clients of the Twake dialect of one target, closed behind each test. */
export class TwakeSuite {
  readonly native: Suite;

  constructor(native: Suite) {
    this.native = native;
  }

  async open(options: TwakeOptions & { readonly url?: string } = {}): Promise<TwakeClient> {
    return this.native.keep(await TwakeClient.open(options.url ?? this.native.url, options));
  }

  /** A connection that has logged in. */
  async user(userId: string = unique("u-"), options: TwakeUserOptions = {}): Promise<TwakeClient> {
    const { claims, tenantId, ...others } = options;
    const client = await this.open(others);
    const own = tenantId === undefined ? undefined : { tenantId };
    await client.authenticate(this.native.token(userId, { ...own, ...claims }));
    return client;
  }

  /** A token that opens a room of this file's tenant; `changes` replaces claims. */
  roomToken(userId: string, room: string, changes?: object): string {
    return this.native.roomToken({ userId, room }, changes);
  }

  /** What the server says to a login that must be refused, before it ends the connection. */
  async unauthorized(payload: readonly unknown[], options: TwakeOptions = {}): Promise<unknown> {
    const client = await this.open(options);
    client.emit("authenticate", ...payload);
    const [said] = await client.hears("unauthorized");
    expect(await client.ended()).toBe("io server disconnect");
    expect(client.heard).toHaveLength(1);
    return said;
  }

  /** Waits until all that was published before now has arrived at a client: what is published now, by every node, has. */
  async fence(client: TwakeClient, tenantId: string = this.native.tenantId): Promise<void> {
    const room = unique("fence:");
    await client.join(room);
    for (const [index, url] of this.native.target.urls.entries()) {
      await this.native.broadcast(room, null, { tenantId, url });
      await client.until(() => client.events(room).length > index, "the fence");
    }
    await client.leave(room);
  }
}

/** To be called once at the top of a test file. */
export function useTwake(kind: TargetKind, options: UseTargetOptions = {}): TwakeSuite {
  return new TwakeSuite(useTarget(kind, options));
}

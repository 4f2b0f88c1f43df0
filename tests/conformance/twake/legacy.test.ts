import { describe, expect, it } from "vitest";
import { roomKey, seconds, sign } from "../native/tokens.ts";
import { useTwake } from "./suite.ts";

const suite = useTwake("twakeLegacy");
const { native } = suite;

/** A room token as the original signs it: no `exp`, and an `iat` that is its end. */
function original(changes: object = {}, secret: string | Uint8Array = native.secret): string {
  return sign(
    { name: "/rooms/1", sub: "ann", tenantId: native.tenantId, iat: seconds() + 600, ...changes },
    { secret },
  );
}

describe("with legacyRoomTokens", () => {
  it("a token of the original opens its room, until its iat", async () => {
    const client = await suite.user("ann");
    await client.join("/rooms/1", original());
    client.emit("realtime:event", { name: "/rooms/1", data: 1 });
    await client.hears("realtime:event");
    await client.join("/rooms/2", original({ name: "/rooms/2", iat: seconds() + 1 }));
    const path = `/api/socket/channels/${encodeURIComponent("/rooms/2")}/members`;
    await expect.poll(async () => (await native.call(path)).body, { timeout: 10_000 }).toEqual([]);
    await client.join("/rooms/3", suite.roomToken("ann", "/rooms/3"));
    const elsewhere = await suite.user("ann", { tenantId: "default" });
    await elsewhere.join("/rooms/1", original({ tenantId: undefined }));
  });

  const BAD: readonly [string, object][] = [
    ["another room", { name: "/rooms/2" }],
    ["another user", { sub: "bob" }],
    ["another tenant", { tenantId: "another" }],
    ["no tenant, which is default's", { tenantId: undefined }],
    ["an iat that is past", { iat: seconds() - 60 }],
    ["an iat beyond 31 days", { iat: seconds() + 32 * 86_400 }],
    ["no iat", { iat: undefined }],
    ["an iat that is text", { iat: "tomorrow" }],
    ["an exp", { exp: seconds() + 600 }],
  ];
  it.each(BAD)("one with %s does not", async (_name, changes) => {
    const client = await suite.user("ann");
    expect((await client.tryJoin("/rooms/1", original(changes)))[0]).toBe("realtime:join:error");
  });

  it("one with a key of another purpose, and an access token, do not", async () => {
    const client = await suite.user("ann");
    for (const token of [
      original({}, roomKey(native.secret)),
      original({}, "another secret, long enough for HS256"),
      native.token("ann"),
      native.token("ann", { name: "/rooms/1" }),
      "twake",
    ]) {
      expect((await client.tryJoin("/rooms/1", token))[0]).toBe("realtime:join:error");
    }
  });

  it("is no login", async () => {
    expect(await suite.unauthorized([{ token: original() }])).toMatchObject({ err: { name: "JsonWebTokenError" } });
    await native.expectRefused({ token: original() }, "UNAUTHENTICATED");
  });
});

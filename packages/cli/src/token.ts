import process from "node:process";
import { systemClock } from "@roomcast/core";
import { asObject, GatewayError, isChannelName, isTenantId, isUserId, ROLES, type Role } from "@roomcast/protocol";
import { RoomTokens, TokenIssuer, type AccessTokenRequest, type TokenIssuerOptions } from "@roomcast/server";
import { UsageError, type Arguments, type Command } from "./command.ts";
import { readConfig } from "./config.ts";
import { parseDuration } from "./duration.ts";

export const token: Command = {
  name: "token",
  summary: "Print a token for a user, signed with the server's secret",
  flags: {
    sub: { value: "<user>", help: "Whose token it is (needed)" },
    tenant: { value: "<tenant>", help: "The user's tenant (default)" },
    role: { value: "<role>", multiple: true, help: `${ROLES.join(", ")} (client); may be repeated` },
    expires: { value: "<duration>", help: "How long it lives, as in 90s, 15m, 1h or 7d (1h)" },
    channels: {
      value: "<json>",
      help: `What it may do beyond the rules, as in '{"chat:{room}":["subscribe","publish"]}'`,
    },
    "channels-only": { help: "It reaches nothing but its --channels" },
    info: { value: "<json>", help: "A small public object, shown in presence" },
    room: { value: "<channel>", help: "Make a room token, which opens this one channel to the user" },
    config: { value: "<file>", help: "Where the configuration is (roomcast.config.mjs, if there)" },
  },
  notes: ["The secret is that of the server: ROOMCAST_JWT_SECRET, or auth.jwt.secret of the configuration file."],
  run,
};

async function run(args: Arguments): Promise<number> {
  const request = readRequest(args);
  const { auth, generatedSecret } = await readConfig({ config: args.text("config") });
  const { secret } = auth.jwt;
  if (secret === undefined || generatedSecret) {
    throw new UsageError(
      "the server's secret is needed: ROOMCAST_JWT_SECRET, or auth.jwt.secret of the configuration file",
    );
  }
  process.stdout.write(`${await issue(request, { ...auth.jwt, secret, clock: systemClock })}\n`);
  return 0;
}

interface TokenRequest extends AccessTokenRequest {
  readonly tenantId: string;
  readonly expiresIn: number;
  /** The channel of a room token. */
  readonly room: string | undefined;
}

function readRequest(args: Arguments): TokenRequest {
  const userId = args.text("sub");
  if (userId === undefined) throw new UsageError("--sub is missing: whose token is it?");
  if (!isUserId(userId))
    throw wrong("sub", userId, "1 to 128 bytes without white space, control characters, *, { and }");
  const tenantId = args.text("tenant") ?? "default";
  if (!isTenantId(tenantId)) throw wrong("tenant", tenantId, "1 to 128 of A-Z, a-z, 0-9, dot, underscore and hyphen");
  const permissions = args.list("role").map((role) => {
    if (!isRole(role)) throw wrong("role", role, ROLES.join(", "));
    return role;
  });
  const lifetime = args.text("expires") ?? "1h";
  const expiresIn = parseDuration(lifetime);
  if (expiresIn === undefined) throw wrong("expires", lifetime, "a duration such as 90s, 15m, 1h or 7d");
  const room = args.text("room");
  if (room !== undefined && !isChannelName(room)) throw wrong("room", room, "the name of a channel");
  return {
    userId,
    tenantId,
    permissions: permissions.length === 0 ? undefined : permissions,
    // What is in them, the issuer checks.
    channels: readObject("channels", args.text("channels")) as AccessTokenRequest["channels"],
    channelsOnly: args.given("channels-only") ? true : undefined,
    info: readObject("info", args.text("info")),
    expiresIn,
    room,
  };
}

async function issue(request: TokenRequest, options: TokenIssuerOptions): Promise<string> {
  const { userId, tenantId, expiresIn, room } = request;
  try {
    const issued =
      room === undefined
        ? await new TokenIssuer(options).issue(request)
        : await new RoomTokens(options).issue({ userId, tenantId, expiresIn, room });
    return issued.token;
  } catch (error) {
    if (error instanceof GatewayError && error.code === "INVALID_PAYLOAD") throw new UsageError(error.message);
    throw error;
  }
}

function readObject(flag: string, text: string | undefined): Readonly<Record<string, unknown>> | undefined {
  if (text === undefined) return undefined;
  const object = asObject(parseJson(text));
  if (object === undefined) throw wrong(flag, text, "a JSON object");
  return object;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRole(text: string): text is Role {
  return (ROLES as readonly string[]).includes(text);
}

function wrong(flag: string, value: string, expected: string): UsageError {
  return new UsageError(`--${flag} is ${JSON.stringify(value)}; it may be ${expected}`);
}

import type { ChannelRule } from "@roomcast/core";
import type { EventSchemas } from "@roomcast/protocol";
import { Names } from "./names.ts";
import { jsonSchemaOf, type JsonSchema } from "./json-schema.ts";

export interface AsyncApiOptions {
  /** Of a gateway, a contract or a configuration. Those without `events` are left out. */
  readonly rules: readonly ChannelRule[];
  /** Where the gateway is: an origin of `http`, `https`, `ws` or `wss`. */
  readonly server?: string;
  /** `/socket.io/` unless given. */
  readonly path?: string;
  /** `Roomcast` unless given. */
  readonly title?: string;
}

/** An AsyncAPI document, as JSON. */
export type AsyncApiDocument = Readonly<Record<string, unknown>>;

interface Reference {
  readonly $ref: string;
}

type Part = Readonly<Record<string, unknown>>;

/** What a channel adds to the document. */
interface Described {
  readonly channel: Part;
  readonly operations: Readonly<Record<string, Part>>;
  readonly schemas: Readonly<Record<string, JsonSchema>>;
}

const REPLY = "reply";
const BACK_ENDS_ONLY = /^(user|notifications):/;

/**
 * The AsyncAPI 3.0 document of what clients of the native dialect send and hear on the channels whose rules name their
 * events. `receive` is what the gateway receives, `send` what it sends. Rights are not part of it.
 */
export async function asyncApiDocument(options: AsyncApiOptions): Promise<AsyncApiDocument> {
  const { rules, server, path = "/socket.io/", title = "Roomcast" } = options;
  const names = new Names();
  const channels: Record<string, Part> = {};
  const operations: Record<string, Part> = {};
  const schemas: Record<string, JsonSchema> = { ...SHARED_SCHEMAS };
  for (const rule of rules) {
    if (rule.events === undefined) continue;
    const id = names.of(rule.match);
    const described = await describe(id, rule, rule.events);
    channels[id] = described.channel;
    Object.assign(operations, described.operations);
    Object.assign(schemas, described.schemas);
  }
  return {
    asyncapi: "3.0.0",
    info: {
      title,
      version: "1",
      description:
        "What clients send to a Roomcast gateway and hear from it, in its native dialect: Socket.IO 4, one event with one object, `name` being the event. A channel is followed by `subscribe` `{ topic }` or `join` `{ channel }`.",
    },
    defaultContentType: "application/json",
    ...(server === undefined ? undefined : { servers: { gateway: describeServer(server, path) } }),
    channels,
    operations,
    components: {
      schemas,
      messages: { [REPLY]: REPLY_MESSAGE },
      securitySchemes: {
        token: {
          type: "http",
          scheme: "bearer",
          bearerFormat: "JWT",
          description: "In the handshake, as `auth.token` or as this header",
        },
      },
    },
  };
}

/** The server of a document, from its origin. */
export function describeServer(origin: string, path: string): Part {
  const { host, protocol } = new URL(origin);
  return {
    host,
    pathname: path,
    protocol: protocol === "https:" || protocol === "wss:" ? "wss" : "ws",
    description: "Socket.IO 4, namespace /; by WebSocket, or by polling",
    security: [{ $ref: "#/components/securitySchemes/token" }],
  };
}

async function describe(id: string, rule: ChannelRule, events: EventSchemas): Promise<Described> {
  const { match } = rule;
  const names = new Names([REPLY]);
  const messages: Record<string, Part> = {};
  const schemas: Record<string, JsonSchema> = {};
  const [heard, said]: Reference[][] = [[], []];
  const { address, parameters } = addressOf(match);
  for (const [event, schema] of Object.entries(events)) {
    const key = names.of(event);
    const saying = names.of(`publish-${event}`);
    const [output, input] = [`${id}.${key}`, `${id}.${key}.published`];
    schemas[output] = await jsonSchemaOf(schema, "output", `#/components/schemas/${output}`);
    schemas[input] = await jsonSchemaOf(schema, "input", `#/components/schemas/${input}`);
    messages[key] = {
      name: "event",
      title: `${event} on ${match}`,
      payload: heardSchema(event, { $ref: `#/components/schemas/${output}` }),
    };
    messages[saying] = {
      name: "publish",
      title: `Publishes ${event} on ${match}`,
      payload: saidSchema(event, { $ref: `#/components/schemas/${input}` }),
    };
    heard?.push({ $ref: `#/channels/${id}/messages/${key}` });
    said?.push({ $ref: `#/channels/${id}/messages/${saying}` });
  }
  const here = { $ref: `#/channels/${id}` };
  return {
    channel: {
      address,
      title: match,
      ...(Object.keys(parameters).length === 0 ? undefined : { parameters }),
      messages: { ...messages, [REPLY]: { $ref: `#/components/messages/${REPLY}` } },
    },
    operations: {
      [`${id}.hear`]: {
        action: "send",
        channel: here,
        summary: `Sends what happens on ${match} to whoever follows it`,
        messages: heard,
      },
      ...(rule.publish === "nobody"
        ? undefined
        : {
            [`${id}.publish`]: {
              action: "receive",
              channel: here,
              summary: `Takes what is to be published on ${match}`,
              ...(rule.publish === "service" || BACK_ENDS_ONLY.test(match)
                ? { description: "From tokens with the role service or admin" }
                : undefined),
              messages: said,
              reply: { channel: here, messages: [{ $ref: `#/channels/${id}/messages/${REPLY}` }] },
            },
          }),
    },
    schemas,
  };
}

/** A pattern as an address with parameters; `**` is one of them. */
function addressOf(pattern: string): { readonly address: string; readonly parameters: Readonly<Record<string, Part>> } {
  const parameters: Record<string, Part> = {};
  let address = pattern;
  for (const [, name = ""] of pattern.matchAll(/\{([^}]+)\}/g)) {
    parameters[name] = {
      description: PARAMETERS[name] ?? "One piece of the name, without :, . and /",
    };
  }
  if (address.endsWith("**")) {
    let name = "rest";
    while (Object.hasOwn(parameters, name)) name += "_";
    address = `${address.slice(0, -2)}{${name}}`;
    parameters[name] = { description: "The rest of the name, whatever it is" };
  }
  return { address, parameters };
}

const PARAMETERS: Readonly<Record<string, string | undefined>> = {
  userId: "The id of a user",
  tenantId: "The id of a tenant",
};

/** A `RealtimeEvent`. */
function heardSchema(event: string, payload: Reference): JsonSchema {
  return {
    type: "object",
    required: ["id", "topic", "event", "payload", "source", "timestamp"],
    properties: {
      id: { type: "string", description: "Unique in its channel" },
      topic: { type: "string", description: "The channel" },
      event: { type: "string", const: event },
      payload,
      source: { type: "string", enum: ["socket", "rest", "server", "resource"] },
      sender: { $ref: "#/components/schemas/Sender" },
      timestamp: { type: "integer", description: "When it was accepted, in milliseconds since 1970" },
      position: { $ref: "#/components/schemas/Position" },
    },
  };
}

/** The command `publish`. */
function saidSchema(event: string, data: Reference): JsonSchema {
  return {
    type: "object",
    required: ["channel", "event"],
    properties: {
      channel: { type: "string" },
      event: { type: "string", const: event },
      data: { ...data, description: "null where it is left out" },
      id: {
        type: "string",
        pattern: "^[A-Za-z0-9_.:-]{1,64}$",
        description: "An idempotency key: the same again within five minutes is published once",
      },
    },
  };
}

const REPLY_MESSAGE: Part = {
  name: REPLY,
  title: "The acknowledgement of a command",
  payload: {
    oneOf: [
      {
        type: "object",
        required: ["ok", "id"],
        properties: {
          ok: { const: true },
          id: { type: "string" },
          position: { $ref: "#/components/schemas/Position" },
        },
      },
      {
        type: "object",
        required: ["ok", "error"],
        properties: { ok: { const: false }, error: { $ref: "#/components/schemas/Error" } },
      },
    ],
  },
};

const SHARED_SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  Position: {
    type: "object",
    required: ["epoch", "offset"],
    description: "Where the event stands in its channel's log, when that keeps history",
    properties: { epoch: { type: "string" }, offset: { type: "integer", minimum: 0 } },
  },
  Sender: {
    type: "object",
    required: ["userId"],
    description: "Stamped by the server",
    properties: { userId: { type: ["string", "null"] }, socketId: { type: "string" } },
  },
  Error: {
    type: "object",
    required: ["code", "message", "retryable"],
    properties: {
      code: { type: "string", description: "INVALID_PAYLOAD where a schema refuses; details.path says where" },
      message: { type: "string" },
      retryable: { type: "boolean" },
      details: { type: "object" },
    },
  },
};

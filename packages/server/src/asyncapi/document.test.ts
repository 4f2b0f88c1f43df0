import { Parser } from "@asyncapi/parser";
import { asObject, defineChannels, type StandardSchema } from "@roomcast/protocol";
import { type } from "arktype";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { asyncApiDocument, type AsyncApiDocument } from "./document.ts";

const Comment = z.object({
  text: z.string(),
  get replies() {
    return z.array(Comment);
  },
});
interface Folder {
  readonly name: string;
  readonly folders: readonly Folder[];
}
const FolderSchema: v.GenericSchema<Folder> = v.object({
  name: v.string(),
  folders: v.array(v.lazy(() => FolderSchema)),
});
const tree = type.module({ node: { name: "string", children: "node[]" } });

/** The same channels by each library. */
const CONTRACTS = {
  zod: defineChannels({
    "chat:{room}": { events: { message: z.object({ text: z.string().min(1), tags: z.array(z.string()).optional() }) } },
    "trees:{id}": { events: { changed: z.object({ root: Comment }) } },
  }),
  valibot: defineChannels({
    "chat:{room}": {
      events: {
        message: v.object({ text: v.pipe(v.string(), v.minLength(1)), tags: v.optional(v.array(v.string())) }),
      },
    },
    "trees:{id}": { events: { changed: v.object({ root: FolderSchema }) } },
  }),
  arktype: defineChannels({
    "chat:{room}": { events: { message: type({ text: "string > 0", "tags?": "string[]" }) } },
    "trees:{id}": { events: { changed: type({ root: tree.node }) } },
  }),
};

/** What AsyncAPI's own parser has to say of a document: nothing, when it is good. */
async function complaints(document: AsyncApiDocument): Promise<readonly string[]> {
  const { diagnostics, document: parsed } = await new Parser().parse(JSON.stringify(document));
  const wrong = diagnostics.filter(({ severity }) => severity === 0);
  if (wrong.length === 0) expect(parsed?.version()).toBe("3.0.0");
  return wrong.map(({ path, message }) => `${path.join(".")}: ${message}`);
}

/** Looks up a JSON pointer. */
function at(document: unknown, pointer: string): unknown {
  return pointer
    .split("/")
    .slice(1)
    .reduce<unknown>((value, key) => asObject(value)?.[key], document);
}

function* references(value: unknown): Generator<string> {
  if (Array.isArray(value)) for (const entry of value) yield* references(entry);
  else {
    for (const [key, entry] of Object.entries(asObject(value) ?? {})) {
      if (key === "$ref" && typeof entry === "string") yield entry;
      else yield* references(entry);
    }
  }
}

describe("the AsyncAPI document of a contract", () => {
  it.each(Object.entries(CONTRACTS))(
    "of %s is valid, and refers to nothing that is not there",
    async (_library, contract) => {
      const document = await asyncApiDocument({ rules: contract.rules, server: "https://realtime.example.com" });
      expect(await complaints(document)).toEqual([]);
      const all = [...references(document)];
      expect(all.length).toBeGreaterThan(20);
      for (const reference of all) expect([reference, typeof at(document, reference)]).toEqual([reference, "object"]);
      expect(at(document, "#/components/schemas/chat-room.message")).toMatchObject({
        type: "object",
        properties: { text: { type: "string", minLength: 1 }, tags: { type: "array", items: { type: "string" } } },
        required: ["text"],
      });
      expect(JSON.stringify(document)).not.toContain("has no JSON Schema");
    },
  );

  it("says what is sent and heard over the wire, and by whom", async () => {
    const contract = defineChannels({
      "chat:{room}": { events: { message: z.object({ at: z.string().transform(Number) }), "it's here!": z.null() } },
      "silent:**": { events: { it: z.null() }, publish: "nobody" },
      "notifications:{userId}": { events: { notification: z.string() } },
      "plain:**": { keep: false },
    });
    const document = await asyncApiDocument({ rules: contract.rules, server: "ws://localhost:3000", path: "/rt/" });
    expect(await complaints(document)).toEqual([]);
    expect(document).toMatchObject({
      asyncapi: "3.0.0",
      servers: { gateway: { host: "localhost:3000", pathname: "/rt/", protocol: "ws" } },
      channels: {
        "chat-room": {
          address: "chat:{room}",
          parameters: { room: {} },
          messages: {
            message: {
              name: "event",
              payload: {
                properties: {
                  event: { const: "message" },
                  payload: { $ref: "#/components/schemas/chat-room.message" },
                },
              },
            },
            "publish-message": {
              name: "publish",
              payload: {
                required: ["channel", "event"],
                properties: { data: { $ref: "#/components/schemas/chat-room.message.published" } },
              },
            },
            "it-s-here": { payload: { properties: { event: { const: "it's here!" } } } },
          },
        },
        "silent-all": { address: "silent:{rest}", parameters: { rest: {} } },
      },
      operations: {
        "chat-room.hear": {
          action: "send",
          messages: [
            { $ref: "#/channels/chat-room/messages/message" },
            { $ref: "#/channels/chat-room/messages/it-s-here" },
          ],
        },
        "chat-room.publish": {
          action: "receive",
          reply: { messages: [{ $ref: "#/channels/chat-room/messages/reply" }] },
        },
        "notifications-userId.publish": { description: "From tokens with the role service or admin" },
      },
      components: {
        schemas: { "chat-room.message.published": { properties: { at: { type: "string" } } } },
      },
    });
    expect(Object.keys(document["channels"] as object)).toEqual(["chat-room", "silent-all", "notifications-userId"]);
    expect(Object.keys(document["operations"] as object)).not.toContain("silent-all.publish");
  });

  it("takes anything where a library gives no JSON Schema, and says why", async () => {
    const own: StandardSchema = {
      "~standard": { version: 1, vendor: "own", validate: (value) => ({ value }) },
    };
    const broken = {
      "~standard": {
        ...own["~standard"],
        jsonSchema: {
          input: () => 1,
          output: () => {
            throw new Error("not today\nat secret.ts");
          },
        },
      },
    };
    const contract = defineChannels({
      "a:{id}": {
        events: {
          own,
          broken,
          zod: z.string().transform(Number),
          valibot: v.pipe(v.string(), v.transform(Number)),
          arktype: type("string").pipe((text) => BigInt(text)),
        },
      },
    });
    const document = await asyncApiDocument({ rules: contract.rules });
    expect(await complaints(document)).toEqual([]);
    const schemas = at(document, "#/components/schemas") as Record<string, { type?: string; description?: string }>;
    expect(schemas["a-id.own"]).toEqual({
      description: "What may stand here has no JSON Schema (own gives no JSON Schema).",
    });
    expect(schemas["a-id.broken"]?.description).toContain("(not today)");
    expect(schemas["a-id.broken.published"]?.description).toContain("no JSON Schema");
    for (const library of ["zod", "valibot"]) {
      expect(schemas[`a-id.${library}`]).toEqual({ description: expect.stringContaining("no JSON Schema") as unknown });
    }
    for (const library of ["zod", "valibot", "arktype"]) {
      expect(schemas[`a-id.${library}.published`]).toMatchObject({ type: "string" });
    }
  });

  it("asks libraries that do not follow Standard JSON Schema yet by their own ways", async () => {
    const zod = z.object({ text: z.string() });
    const arktype = type({ text: "string" });
    const without = (schema: StandardSchema, own: object): StandardSchema => {
      const { vendor, version, validate } = schema["~standard"];
      return { ...own, "~standard": { vendor, version, validate } };
    };
    const events = {
      zod: without(zod, { _zod: zod._zod }),
      arktype: without(arktype, { toJsonSchema: () => arktype.toJsonSchema() }),
    };
    const document = await asyncApiDocument({ rules: defineChannels({ a: { events } }).rules });
    expect(await complaints(document)).toEqual([]);
    for (const name of ["a.zod", "a.zod.published", "a.arktype.published"]) {
      expect(at(document, `#/components/schemas/${name}`)).toMatchObject({ properties: { text: { type: "string" } } });
    }
  });

  it("tells apart what looks alike", async () => {
    const it = z.null();
    const events = { "a b": it, "a.b": it, reply: it, "publish-a b": it, "": it };
    const { "": _, ...named } = events;
    const contract = defineChannels({
      "chat:{room}": { events: named },
      "chat.{room}": { events: named },
      "chat/{rest}/**": { events: { "👋": it } },
    });
    const document = await asyncApiDocument({ rules: contract.rules });
    expect(await complaints(document)).toEqual([]);
    const channels = document["channels"] as Record<string, { address: string; messages: object; parameters: object }>;
    expect(Object.keys(channels)).toEqual(["chat-room", "chat-room-2", "chat-rest-all"]);
    expect(Object.keys(channels["chat-room"]?.messages ?? {})).toHaveLength(9);
    expect(channels["chat-rest-all"]?.address).toBe("chat/{rest}/{rest_}");
  });

  it("of rules without events is valid too", async () => {
    const document = await asyncApiDocument({ rules: [{ match: "**" }] });
    expect([await complaints(document), document["channels"]]).toEqual([[], {}]);
  });
});

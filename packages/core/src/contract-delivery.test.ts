import {
  defineChannels,
  GatewayError,
  plazerDialect,
  steedosDialect,
  twakeDialect,
  type StandardSchema,
} from "@roomcast/protocol";
import { type } from "arktype";
import fc from "fast-check";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { TestGateway, testPrincipal, type TestClient } from "./testing/index.ts";

/** The same in each library: keys that are not named are cut off, and a default stands for what is missing. */
const SCHEMAS: readonly StandardSchema[] = [
  z.object({ text: z.string(), count: z.int().default(0) }),
  v.object({ text: v.string(), count: v.optional(v.pipe(v.number(), v.integer()), 0) }),
  type({ "+": "delete", text: "string", count: "number.integer = 0" }),
  z.object({ text: z.string(), count: z.int().default(0) }).refine(async () => Promise.resolve(true)),
];

/** Not by a library: what must come of `data`, or undefined where it must be refused. */
function expected(data: unknown): { readonly text: string; readonly count: number } | undefined {
  if (typeof data !== "object" || data === null || Array.isArray(data)) return undefined;
  const { text, count = 0 } = data as { readonly text?: unknown; readonly count?: unknown };
  return typeof text === "string" && Number.isSafeInteger(count) ? { text, count: count as number } : undefined;
}

const payload: fc.Arbitrary<unknown> = fc
  .oneof<fc.Arbitrary<unknown>[]>(
    fc.record({ text: fc.string(), count: fc.nat(), more: fc.jsonValue({ maxDepth: 1 }) }, { requiredKeys: ["text"] }),
    fc.record(
      {
        text: fc.oneof({ weight: 4, arbitrary: fc.string() as fc.Arbitrary<unknown> }, fc.jsonValue({ maxDepth: 1 })),
        count: fc.oneof({ weight: 4, arbitrary: fc.integer() as fc.Arbitrary<unknown> }, fc.jsonValue({ maxDepth: 1 })),
      },
      { requiredKeys: [] },
    ),
    fc.jsonValue({ maxDepth: 2 }),
  )
  .filter((data) => {
    // Of integers that a double cannot tell from their neighbours, the libraries think differently.
    const count = typeof data === "object" && data !== null && "count" in data ? data.count : 0;
    return !Number.isInteger(count) || Number.isSafeInteger(count);
  });
const DOORS = ["native", "plazer", "twake", "back end", "resource", "notify"] as const;
type Door = (typeof DOORS)[number];
const CHANNEL = "chat:1";
const address = { tenantId: "default", name: CHANNEL };
const user = testPrincipal();

/** Clients of all languages, who follow the channel and hear their notifications. */
interface Crowd {
  readonly test: TestGateway;
  readonly native: TestClient;
  readonly plazer: TestClient;
  readonly twake: TestClient;
  readonly steedos: TestClient;
}

async function gather(schema: StandardSchema): Promise<Crowd> {
  const resource = wrapped(schema);
  const events = { message: schema, event: schema, created: resource };
  const test = new TestGateway({
    channels: defineChannels({
      "chat:{room}": { events },
      "notifications:{userId}": { events: { notification: schema } },
    }),
  });
  const native = await test.connect();
  expect(await native.request("join", { channel: CHANNEL })).toMatchObject({ ok: true });
  expect(await native.request("subscribe", { topic: "notifications:alice" })).toMatchObject({ ok: true });
  const plazer = await test.connect({}, plazerDialect());
  expect(await plazer.request("join", { room: CHANNEL })).toMatchObject({ ok: true });
  const steedos = await test.connect({}, steedosDialect());
  for (const room of [{ roomParts: CHANNEL }, { roomParts: "notification-change", individual: true }]) {
    expect(await steedos.request("subscribe", room)).toMatchObject({ ok: true });
  }
  const twake = test.open(twakeDialect());
  twake.send("authenticate", { token: user });
  await test.settle();
  twake.send("realtime:join", { name: CHANNEL });
  await test.settle();
  expect(twake.received("realtime:join:success")).toHaveLength(1);
  for (const client of [native, plazer, twake, steedos]) client.frames.length = 0;
  return { test, native, plazer, twake, steedos };
}

/** A resource whose schema is `schema`, as it stands in the event. */
function wrapped(schema: StandardSchema): StandardSchema {
  return {
    "~standard": {
      version: 1,
      vendor: "test",
      async validate(value) {
        const { type: kind, path, resource } = value as Record<string, unknown>;
        const result = await schema["~standard"].validate(resource);
        return result.issues === undefined ? { value: { type: kind, path, resource: result.value } } : result;
      },
    },
  };
}

/** Publishes by a door; whether it was taken. */
async function publish(crowd: Crowd, door: Door, data: unknown): Promise<boolean> {
  const { test, native, plazer, twake } = crowd;
  const taken = async (call: Promise<unknown>): Promise<boolean> =>
    await call.then(
      () => true,
      (thrown: unknown) => {
        expect(thrown).toBeInstanceOf(GatewayError);
        expect(thrown).toMatchObject({ code: "INVALID_PAYLOAD", details: { path: expect.any(String) as unknown } });
        return false;
      },
    );
  switch (door) {
    case "native":
      return (await native.request("publish", { channel: CHANNEL, event: "message", data }))["ok"] === true;
    case "plazer":
      return (await plazer.request("message", { room: CHANNEL, data }))["ok"] === true;
    case "twake": {
      const before = twake.received("realtime:event:error").length;
      twake.send("realtime:event", { name: CHANNEL, data });
      await test.settle();
      return twake.received("realtime:event:error").length === before;
    }
    case "back end":
      return await taken(test.gateway.publish(address, "message", data));
    case "resource":
      return await taken(test.gateway.publishResource(address, { action: "created", type: "thing", resource: data }));
    case "notify":
      return await taken(test.gateway.notify("default", ["alice"], data));
  }
}

/** What each client was told of a publication by `door`, as the payload in it. */
function heard({ native, plazer, twake, steedos }: Crowd, door: Door): Record<string, unknown[]> {
  const first = (client: TestClient, ...events: string[]): Record<string, unknown>[] =>
    client.frames
      .filter(([event]) => events.includes(event))
      .map(([, argument]) => argument as Record<string, unknown>);
  const untyped = (data: unknown): unknown => {
    const { _type: _, ...others } = data as Record<string, unknown>;
    return others;
  };
  const resource = (data: unknown): unknown => (data as Record<string, unknown>)["resource"];
  const natives = native.events().map((event) => (door === "resource" ? resource(event.payload) : event.payload));
  if (door === "notify") {
    return {
      native: natives,
      plazer: first(plazer, "notification"),
      steedos: first(steedos, "s:notification-change").map(({ message }) => message),
    };
  }
  if (door === "resource") {
    return {
      native: natives,
      plazer: first(plazer, "created").map(resource),
      twake: first(twake, "realtime:resource").map(resource),
      steedos: first(steedos, "created").map(resource),
    };
  }
  // What a client of Plazer says, its readers are told with who said it, and when.
  const said = door === "native" || door === "plazer";
  const message = (client: TestClient, signed: boolean): unknown[] =>
    first(client, "message", "event").map((data) => (signed ? data["data"] : data));
  return {
    native: natives,
    plazer: message(plazer, said),
    twake: first(twake, "realtime:event").map(({ data }) => untyped(data)),
    steedos: message(steedos, door === "plazer"),
  };
}

describe("what is published on a channel of a contract", () => {
  it.each(SCHEMAS.map((schema, index) => ({ schema, name: `${schema["~standard"].vendor} (${index})` })))(
    "by any door, $name: arrives in every language as it was validated, or nowhere",
    async ({ schema }) => {
      const seen = { taken: 0, refused: 0 };
      await fc.assert(
        fc.asyncProperty(fc.constantFrom(...DOORS), payload, async (door, data) => {
          const crowd = await gather(schema);
          // What Twake's clients say of the type of an event is never theirs to say.
          const wanted = expected(JSON.parse(JSON.stringify(data)));
          expect(await publish(crowd, door, data)).toBe(wanted !== undefined);
          await crowd.test.settle();
          const told = heard(crowd, door);
          const each = wanted === undefined ? [] : [wanted];
          expect(told).toEqual(Object.fromEntries(Object.keys(told).map((language) => [language, each])));
          const kept = await crowd.test.gateway.history(address);
          expect(kept.events).toHaveLength(wanted === undefined || door === "notify" ? 0 : 1);
          if (wanted === undefined) {
            seen.refused++;
            for (const client of [crowd.plazer, crowd.steedos]) expect(client.frames).toEqual([]);
          } else seen.taken++;
          await crowd.test.gateway.close();
        }),
        { numRuns: 150 },
      );
      expect(Math.min(seen.taken, seen.refused)).toBeGreaterThan(20);
    },
  );
});

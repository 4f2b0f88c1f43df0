import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { decoratedServices, Message, Script } from "../../test/decorated-services.ts";
import { TestGateway, turn, type TestClient } from "../testing/index.ts";
import * as crud from "./index.ts";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const message: Message = { id: 7, text: "hello" };
const context = { user: { id: "alice" }, channel: "general" };

/** What the services announced, and what went wrong, on a bus without a gateway behind it. */
class Recorder implements crud.RealtimeGateway {
  readonly announced: { readonly topic: string; readonly event: unknown; readonly origin: crud.EventOrigin }[] = [];
  readonly failures: (readonly [string, unknown])[] = [];
  readonly observer = { failed: (where: string, error: unknown): void => void this.failures.push([where, error]) };
  readonly bus = new crud.EventBus({ failed: (error) => this.observer.failed("bus", error) });

  constructor() {
    for (const topic of ["created", "updated", "saved", "deleted"] as const) {
      this.bus.subscribe(topic, (event, origin) => void this.announced.push({ topic, event, origin }));
    }
  }

  get rooms(): readonly string[] {
    return this.announced.map(({ event }) => (event as crud.RealtimeEntityEvent).room);
  }

  get errors(): readonly string[] {
    return this.failures.map(([, error]) => (error as Error).message);
  }
}

// vitest parses no decorators: what is tested is what the compiler makes of them. It checks their types, too.
describe.each([
  { kind: "standard", experimentalDecorators: false },
  { kind: "legacy", experimentalDecorators: true },
])("$kind decorators", ({ experimentalDecorators }) => {
  let folder: string;
  let compiled: { readonly decoratedServices: typeof decoratedServices };
  let script: { -readonly [Key in keyof Script]: Script[Key] };
  let recorder: Recorder;
  let services: ReturnType<typeof decoratedServices>;
  let messages: InstanceType<typeof services.MessageService>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "roomcast-decorators-"));
    const compilerOptions = {
      experimentalDecorators,
      noEmit: false,
      incremental: false,
      declaration: false,
      declarationMap: false,
      sourceMap: false,
      allowImportingTsExtensions: false,
      rewriteRelativeImportExtensions: true,
      rootDir: join(root, "packages"),
      outDir: join(folder, "out"),
      typeRoots: [join(root, "node_modules/@types")],
      types: ["node"],
    };
    const files = [join(root, "packages/core/test/decorated-services.ts")];
    const project = join(folder, "tsconfig.json");
    const extended = join(root, "tsconfig.test.json");
    await writeFile(project, JSON.stringify({ extends: extended, compilerOptions, include: [], files }));
    await writeFile(join(folder, "package.json"), '{ "type": "module" }');
    await promisify(execFile)(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", project]).catch(
      (error: unknown) => {
        throw new Error((error as { readonly stdout: string }).stdout, { cause: error });
      },
    );
    compiled = await import(pathToFileURL(join(folder, "out/core/test/decorated-services.js")).href);
  }, 60_000);
  afterAll(async () => await rm(folder, { recursive: true, force: true }));

  beforeEach(() => {
    script = {};
    recorder = new Recorder();
    services = compiled.decoratedServices(crud, script);
    messages = crud.bindRealtime(new services.MessageService(), recorder);
  });

  it("calls the method with its own this and all its arguments, and returns its very result", async () => {
    const result = (script.returns = new crud.CreateResult("message", message));
    expect(await messages.create(message, context)).toBe(result);
    expect(services.calls).toEqual([{ self: messages, args: [message, context] }]);
    expect(messages.create.name).toBe("create");
    expect(messages.update.length).toBe(3);
  });

  it("announces what was created, updated, saved and deleted, each on its topic", async () => {
    const created = (script.returns = new crud.CreateResult("message", message));
    await messages.create(message);
    const updated = (script.returns = new crud.UpdateResult("message", message));
    await messages.update(7, message, context);
    const saved = (script.returns = new crud.SaveResult("message", message, "update"));
    await messages.save(message, {}, context);
    const deleted = (script.returns = new crud.DeleteResult("message", message, true));
    await messages.delete(7);

    const type = "message";
    const path = "/messages/7";
    const without = { tenantId: "default", context: undefined };
    const within = { tenantId: "default", context };
    expect(recorder.announced).toStrictEqual([
      { topic: "created", event: { type, room: "/messages", path, entity: message, result: created }, origin: without },
      {
        topic: "updated",
        event: { type, room: "/channels/general", path, entity: message, result: updated },
        origin: within,
      },
      {
        topic: "updated",
        event: { type, room: "/all", path: null, entity: { id: 7 }, result: updated },
        origin: within,
      },
      {
        topic: "saved",
        event: { type, room: "/companies/general", path, entity: message, result: saved },
        origin: within,
      },
      { topic: "deleted", event: { type, room: "/messages", path, entity: message, result: deleted }, origin: without },
    ]);
    expect(recorder.failures).toEqual([]);
  });

  it("passes a rejection on, and announces nothing", async () => {
    script.throws = new Error("no disk");
    await expect(messages.create(message)).rejects.toBe(script.throws);
    expect(recorder.announced).toEqual([]);
    expect(recorder.failures).toEqual([]);
  });

  it.each<{ readonly what: string; readonly returns: unknown }>([
    { what: "an update's result", returns: new crud.UpdateResult("message", message) },
    { what: "what only looks like a result", returns: { operation: "create", type: "message", entity: message } },
    { what: "undefined", returns: undefined },
    { what: "null", returns: null },
  ])("returns $what of create as it is, and announces nothing", async ({ returns }) => {
    script.returns = returns;
    expect(await messages.create(message)).toBe(returns);
    expect(recorder.announced).toEqual([]);
  });

  it("does not announce what was not deleted, nor what was there already", async () => {
    const kept = (script.returns = new crud.DeleteResult("message", message, false));
    expect(await messages.delete(7)).toBe(kept);
    script.returns = new crud.SaveResult("message", message, "exists");
    await messages.save(message, {});
    expect(recorder.announced).toEqual([]);
    script.returns = new crud.SaveResult("message", message, "create");
    await messages.save(message, {});
    expect(recorder.rooms).toEqual(["/companies/none"]);
  });

  it.each([
    { what: "no argument", args: [], found: undefined },
    { what: "an entity", args: [message], found: undefined },
    { what: "a context", args: [message, context], found: context },
    { what: "a context with a user that is absent", args: [message, { user: undefined }], found: { user: undefined } },
    { what: "a context that is not last", args: [context, message], found: undefined },
    { what: "null", args: [message, null], found: undefined },
    { what: "a text", args: [message, "user"], found: undefined },
  ])("takes for the context the last argument, if it has a user: $what", async ({ args, found }) => {
    script.returns = new crud.CreateResult("message", message);
    await (messages.create as (...args: readonly unknown[]) => Promise<unknown>)(...args);
    expect(recorder.announced[0]?.origin.context).toStrictEqual(found);
  });

  it.each<{ readonly what: string; readonly recipients: unknown; readonly rooms: readonly string[] }>([
    { what: "an empty list", recipients: [], rooms: [] },
    { what: "null", recipients: null, rooms: [] },
    { what: "undefined", recipients: undefined, rooms: [] },
    { what: "a list with gaps", recipients: [null, { room: "/a" }, undefined, { room: "/b" }], rooms: ["/a", "/b"] },
    { what: "one", recipients: { room: "/a" }, rooms: ["/a"] },
    { what: "a path in pieces", recipients: { room: crud.ResourcePath.get("/a/") }, rooms: ["/a/"] },
    { what: "a trailing slash and a query", recipients: { room: "/a/?type=public" }, rooms: ["/a/?type=public"] },
  ])("announces to recipients as given or returned: $what", async ({ recipients, rooms }) => {
    script.recipients = recipients;
    services = compiled.decoratedServices(crud, script);
    const resolvers = crud.bindRealtime(new services.Resolvers(), recorder);
    script.returns = new crud.CreateResult("message", message);
    await resolvers.fromValue();
    await resolvers.fromFunction();
    expect(recorder.rooms).toEqual([...rooms, ...rooms]);
    script.recipients = Promise.resolve(recipients);
    await resolvers.fromFunction();
    await turn();
    expect(recorder.rooms).toEqual([...rooms, ...rooms, ...rooms]);
    expect(recorder.failures).toEqual([]);
  });

  it.each<{ readonly what: string; readonly recipients: unknown }>([
    { what: "a text", recipients: "/messages" },
    { what: "a number", recipients: 1 },
    { what: "no room", recipients: { path: "/messages" } },
    { what: "an empty room", recipients: { room: "" } },
    { what: "a room that is no text", recipients: { room: 1 } },
    { what: "a function that gives no text", recipients: { room: () => undefined } },
    { what: "a path that is no text", recipients: { room: "/a", path: () => 1 } },
  ])("counts recipients that are none, and returns the result: $what", async ({ recipients }) => {
    const resolvers = crud.bindRealtime(new services.Resolvers(), recorder);
    script.recipients = recipients;
    const result = (script.returns = new crud.CreateResult("message", message));
    expect(await resolvers.fromFunction()).toBe(result);
    expect(recorder.announced).toEqual([]);
    expect(recorder.failures).toEqual([["realtime", expect.any(TypeError)]]);
  });

  it("leaves out the recipient whose resolver throws or rejects, and no other", async () => {
    const resolvers = crud.bindRealtime(new services.Resolvers(), recorder);
    const result = (script.returns = new crud.SaveResult("message", message, "create"));
    expect(await resolvers.throws()).toBe(result);
    await turn();
    expect(recorder.rooms).toEqual(["/still"]);
    expect(recorder.errors).toEqual(["no room", "no path"]);
  });

  it("lets resolvers take their time while the result is there already, and keeps the order of recipients", async () => {
    const resolvers = crud.bindRealtime(new services.Resolvers(), recorder);
    let open = (): void => undefined;
    script.gate = new Promise((resolve) => (open = resolve));
    const result = (script.returns = new crud.UpdateResult("message", message));
    expect(await resolvers.waits()).toBe(result);
    await turn();
    expect(recorder.announced).toEqual([]);
    open();
    await turn();
    expect(recorder.rooms).toEqual(["/late", "/second"]);
  });

  it("works on static methods, and on top of one another", async () => {
    crud.bindRealtime(services.Resolvers, recorder);
    script.returns = new crud.CreateResult("message", message);
    await services.Resolvers.create();
    const stacked = crud.bindRealtime(new services.Stacked(), recorder);
    await stacked.put();
    script.returns = new crud.UpdateResult("message", message);
    await stacked.put();
    expect(recorder.rooms).toEqual(["/static", "/created", "/updated"]);
  });

  it("knows what has decorated methods: instances, prototypes and classes, and what inherits from them", () => {
    class Heir extends services.MessageService {}
    const found = [messages, services.MessageService.prototype, new Heir(), Heir.prototype, services.Resolvers];
    for (const service of found) expect(crud.isRealtime(service)).toBe(true);
    for (const other of [{}, new Recorder(), Recorder, null, undefined, 1, "text", Object.create(null)])
      expect(crud.isRealtime(other)).toBe(false);
  });

  it("announces for all instances of a class that is bound, until it is unbound by the same gateway", async () => {
    const { prototype } = services.Stacked;
    crud.bindRealtime(prototype, recorder);
    script.returns = new crud.CreateResult("message", message);
    await new services.Stacked().put();
    crud.unbindRealtime(prototype, new Recorder());
    await new services.Stacked().put();
    crud.unbindRealtime(prototype, recorder);
    await new services.Stacked().put();
    expect(recorder.rooms).toEqual(["/created", "/created"]);
  });

  it("announces nothing where the service is not bound, and moves with it to another gateway", async () => {
    script.returns = new crud.CreateResult("message", message);
    expect(await new services.MessageService().create(message)).toBe(script.returns);
    const other = new Recorder();
    crud.bindRealtime(messages, other);
    await messages.create(message);
    expect(recorder.announced).toEqual([]);
    expect(other.rooms).toEqual(["/messages"]);
  });

  it("keeps the services of two gateways apart", async () => {
    const other = new Recorder();
    const others = crud.bindRealtime(new services.MessageService(), other);
    script.returns = new crud.CreateResult("message", message);
    await messages.create(message);
    await others.create(message);
    expect([recorder.rooms, other.rooms]).toEqual([["/messages"], ["/messages"]]);
  });

  describe("on a gateway", () => {
    let test: TestGateway;
    let failures: [string, unknown][];
    let clients: TestClient[];

    beforeEach(async () => {
      failures = [];
      test = new TestGateway({ observer: { failed: (where, error) => void failures.push([where, error]) } });
      clients = await Promise.all(["default", "other"].map(async (tenantId) => await test.connect({ tenantId })));
      for (const client of clients) await client.request("subscribe", { topic: "/messages" });
    });

    function heard(): unknown[][] {
      return clients.map((client) => client.events().map(({ event, payload, source }) => ({ event, payload, source })));
    }

    it("publishes to those who follow the room, in the tenant of the caller, with the source resource", async () => {
      crud.bindRealtime(messages, test.gateway);
      script.returns = new crud.CreateResult("message", { ...message, at: new Date(0) });
      await messages.create(message);
      await messages.create(message, { user: { id: "bob", tenantId: "other" }, channel: "general" });
      script.returns = new crud.DeleteResult("message", message, true);
      await messages.delete(7);
      await test.settle();
      const resource = { ...message, at: "1970-01-01T00:00:00.000Z" };
      const created = {
        event: "created",
        payload: { type: "message", path: "/messages/7", resource },
        source: "resource",
      };
      const deleted = {
        event: "deleted",
        payload: { type: "message", path: "/messages/7", resource: message },
        source: "resource",
      };
      expect(heard()).toEqual([[created, deleted], [created]]);
      expect(failures).toEqual([]);
    });

    it.each<{ readonly what: string; readonly tenantId: string | ((context: unknown) => string) }>([
      { what: "a text", tenantId: "other" },
      { what: "a function", tenantId: (given) => (given === context ? "other" : "default") },
    ])("takes the tenant that it was told: $what", async ({ tenantId }) => {
      crud.bindRealtime(messages, test.gateway, { tenantId });
      script.returns = new crud.CreateResult("message", message);
      await messages.create(message, context);
      await test.settle();
      expect(heard().map((events) => events.length)).toEqual([0, 1]);
    });

    it.each<{ readonly what: string; readonly given: unknown }>([
      { what: "empty", given: "" },
      { what: "no text", given: 7 },
      { what: "not well formed", given: "a tenant" },
    ])("publishes to nobody where the tenant is $what, and counts it", async ({ given }) => {
      crud.bindRealtime(messages, test.gateway);
      const result = (script.returns = new crud.CreateResult("message", message));
      const caller = { user: { id: "bob", tenantId: given as string }, channel: "general" };
      expect(await messages.create(message, caller)).toBe(result);
      await test.settle();
      expect(heard()).toEqual([[], []]);
      expect(failures.map(([where]) => where)).toEqual(["realtime"]);
    });

    it.each<{ readonly what: string; readonly recipients: unknown }>([
      { what: "a name of the gateway's own", recipients: { room: "@metadata" } },
      { what: "a name with white space", recipients: { room: "/my messages" } },
      { what: "a resource that is no JSON", recipients: { room: "/messages", resource: { count: 1n } } },
    ])("counts what cannot be published, and returns the result: $what", async ({ recipients }) => {
      const resolvers = crud.bindRealtime(new services.Resolvers(), test.gateway);
      script.recipients = recipients;
      const result = (script.returns = new crud.CreateResult("message", message));
      expect(await resolvers.fromFunction()).toBe(result);
      await test.settle();
      expect(heard()).toEqual([[], []]);
      expect(failures.map(([where]) => where)).toEqual(["realtime"]);
    });

    it("shows the entity as it was when the method returned", async () => {
      crud.bindRealtime(messages, test.gateway);
      const entity = { id: 7, text: "hello" };
      script.returns = new crud.CreateResult("message", entity);
      await messages.create(entity);
      entity.text = "changed by the caller";
      await test.settle();
      expect(clients[0]?.events()[0]?.payload).toMatchObject({ resource: { text: "hello" } });
    });
  });
});

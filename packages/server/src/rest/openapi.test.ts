import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { asObject } from "@roomcast/protocol";
import { TestNode } from "../../test/harness.ts";

interface Operation {
  readonly summary?: string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly schema: object;
  }[];
  readonly requestBody?: { readonly required: boolean; readonly content: Record<string, { schema: object }> };
  readonly responses: Record<
    string,
    { readonly description: string; readonly content?: Record<string, { schema: object }> }
  >;
  readonly security?: readonly Record<string, readonly string[]>[];
}

interface Document {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, object>; readonly securitySchemes: Record<string, object> };
}

let node: TestNode;
let document: Document;
beforeAll(async () => {
  node = await TestNode.start();
  document = (await node.call("/openapi.json", { headers: {} })).body as Document;
});
afterAll(() => node.close());

/** Every value in a document, with the path to it. */
function* walk(value: unknown, path = "#"): Generator<[path: string, value: unknown]> {
  yield [path, value];
  if (Array.isArray(value)) for (const [i, entry] of value.entries()) yield* walk(entry, `${path}/${i}`);
  else for (const [name, entry] of Object.entries(asObject(value) ?? {})) yield* walk(entry, `${path}/${name}`);
}

function operations(): [method: string, path: string, operation: Operation][] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, string, Operation] => [
      method.toUpperCase(),
      path,
      operation,
    ]),
  );
}

describe("/openapi.json", () => {
  it("describes every call of the API, and no other", () => {
    expect(document.openapi).toBe("3.1.0");
    expect(
      operations()
        .map(([method, path]) => `${method} ${path}`)
        .sort(),
    ).toEqual(
      [
        "GET /api/cluster/config",
        "GET /api/cluster/nodes",
        "GET /api/cluster/stats",
        "GET /api/socket/channels",
        "GET /api/socket/channels/{channel}",
        "GET /api/socket/channels/{channel}/members",
        "GET /api/socket/channels/{channel}/history",
        "GET /api/socket/connections",
        "GET /api/socket/connections/list",
        "GET /api/socket/stats",
        "GET /api/socket/connections/{socketId}",
        "DELETE /api/socket/connections/{socketId}",
        "GET /api/socket/users/{userId}",
        "POST /api/socket/rules/test",
        "GET /api/cluster/rules",
        "POST /api/socket/broadcast",
        "POST /api/socket/direct",
        "POST /api/socket/notify",
        "POST /api/socket/revoke",
        "POST /auth/token",
        "POST /auth/verify",
        "POST /auth/room-token",
        "GET /api/socket/audit",
        "POST /auth/session",
        "GET /auth/session",
        "DELETE /auth/session",
        "POST /auth/session/ticket",
        "GET /health",
        "GET /ready",
        "GET /metrics",
      ].sort(),
    );
  });

  it("refers to nothing that is not there", () => {
    const references = [...walk(document)].filter(([path]) => path.endsWith("/$ref"));
    expect(references.length).toBeGreaterThan(20);
    for (const [path, reference] of references) {
      let target: unknown = document;
      for (const piece of String(reference).split("/").slice(1)) target = asObject(target)?.[piece];
      expect(target, `${path} → ${String(reference)}`).toBeTypeOf("object");
    }
    for (const [method, path, operation] of operations()) {
      for (const scheme of (operation.security ?? []).flatMap((entry) => Object.keys(entry))) {
        expect(document.components.securitySchemes, `${method} ${path}`).toHaveProperty(scheme);
      }
    }
  });

  it("declares the parameters of its paths, and only schemas of version 3.1", () => {
    for (const [method, path, operation] of operations()) {
      const declared = (operation.parameters ?? []).filter((parameter) => parameter.in === "path");
      expect(
        declared.map(({ name }) => name),
        `${method} ${path}`,
      ).toEqual([...path.matchAll(/\{(.+?)\}/g)].map(([, name]) => name));
      expect(declared.every(({ required }) => required === true)).toBe(true);
      expect(operation.summary, `${method} ${path}`).toBeTypeOf("string");
      if (method === "POST") expect(operation.requestBody?.required, path).toBe(true);
    }
    // Words of 3.0 that mean nothing in 3.1.
    for (const [path, value] of walk(document)) {
      if (asObject(value) !== undefined && !path.endsWith("/properties"))
        expect(value, path).not.toHaveProperty("nullable");
    }
  });

  it("describes errors by one schema", () => {
    const error = document.components.schemas["Error"] as { properties: { error: { enum: string[] } } };
    expect(error.properties.error.enum).toContain("INVALID_PAYLOAD");
    expect(error.properties.error.enum).not.toContain("SLOW_CONSUMER");
    for (const [method, path, operation] of operations()) {
      for (const [status, response] of Object.entries(operation.responses)) {
        expect(response.description, `${method} ${path} ${status}`).not.toBe("");
        if (Number(status) < 400) continue;
        expect(response.content?.["application/json"]?.schema).toEqual({ $ref: "#/components/schemas/Error" });
      }
      if (path.startsWith("/api"))
        expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(["400", "401", "403", "500", "503"]));
    }
  });
});

import { Parser } from "@asyncapi/parser";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { run, serve } from "./program.ts";

const MODULES = fileURLToPath(new URL("../../node_modules", import.meta.url));

/** A contract that a server and a page could share, of three libraries. */
const CONTRACT = `
import { defineChannels } from "@roomcast/protocol";
import { type } from "arktype";
import * as v from "valibot";
import { z } from "zod";

export const contract = defineChannels({
  "chat:{room}": { events: { message: z.object({ text: z.string() }) } },
  "orders:{id}": { events: { changed: v.object({ status: v.picklist(["open", "closed"]) }) } },
  news: { events: { flash: type({ title: "string" }) } },
});
`;
const CONFIG = `
import { contract } from "./contract.mjs";

export default { channels: contract.withRights({ news: { subscribe: "anyone", publish: "service" } }) };
`;
const env = { ROOMCAST_API_KEY: "an api key of 24 characters" };

describe("roomcast asyncapi", () => {
  let cwd: string;
  beforeAll(async () => {
    cwd = await mkdtemp(join(tmpdir(), "roomcast-asyncapi-"));
    await symlink(MODULES, join(cwd, "node_modules"));
    await writeFile(join(cwd, "contract.mjs"), CONTRACT);
    await writeFile(join(cwd, "roomcast.config.mjs"), CONFIG);
  });
  afterAll(() => rm(cwd, { recursive: true }));

  it("prints what AsyncAPI's parser takes, with the schemas of zod, valibot and arktype", async () => {
    const { code, stdout, stderr } = await run(["asyncapi", "--server", "https://realtime.example.com"], { cwd });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const { diagnostics, document } = await new Parser().parse(stdout);
    expect(diagnostics.filter(({ severity }) => severity === 0)).toEqual([]);
    const addresses = document
      ?.channels()
      .all()
      .map((channel) => channel.address());
    expect(addresses).toEqual(["chat:{room}", "orders:{id}", "news"]);
    expect((JSON.parse(stdout) as { components: { schemas: object } }).components.schemas).toMatchObject({
      "chat-room.message": { properties: { text: { type: "string" } } },
      "orders-id.changed": { properties: { status: { enum: ["open", "closed"] } } },
      "news.flash": { properties: { title: { type: "string" } } },
    });
  });

  it("writes JSON or YAML, the same as the server gives", async () => {
    const { program, url } = await serve([], { cwd, env });
    try {
      const served = (await (await fetch(`${url}/asyncapi.json`)).json()) as object;
      for (const [file, ...more] of [["a.json"], ["a.yaml"], ["a.txt", "--format", "yaml"]] as const) {
        const done = await run(["asyncapi", "--output", file, "--server", url, ...more], { cwd });
        expect(done).toEqual({ code: 0, stdout: "", stderr: "" });
        const text = await readFile(join(cwd, file), "utf8");
        expect(text.startsWith("{")).toBe(file === "a.json");
        expect(parse(text)).toEqual(served);
      }
      const wrong = await fetch(`${url}/api/socket/broadcast`, {
        method: "POST",
        headers: { "X-Api-Key": env.ROOMCAST_API_KEY, "Content-Type": "application/json" },
        body: JSON.stringify({ channel: "orders:1", event: "changed", data: { status: "gone" } }),
      });
      expect([wrong.status, await wrong.json()]).toMatchObject([
        400,
        { error: "INVALID_PAYLOAD", details: { path: "payload.status" } },
      ]);
    } finally {
      program.kill("SIGTERM");
      await program.end();
    }
  });

  it("says in one line why a file cannot be written", async () => {
    await mkdir(join(cwd, "folder"), { recursive: true });
    const { code, stdout, stderr } = await run(["asyncapi", "--output", "folder"], { cwd });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toBe("roomcast asyncapi: folder cannot be written (EISDIR)\n");
  });

  it("says in one line what is wrong with a contract", async () => {
    await writeFile(
      join(cwd, "wrong.mjs"),
      `import { defineChannels } from "@roomcast/protocol"; export default { channels: defineChannels({ a: { events: { "": {} } } }) };`,
    );
    const { code, stderr } = await run(["asyncapi", "--config", "wrong.mjs"], { cwd });
    expect(code).toBe(2);
    expect(stderr).toContain('"" of the channel "a" cannot be an event');
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  });
});

import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { HandoverBroker } from "./handover-broker.ts";

const address = { tenantId: "t", name: "chat:1" };
const keep = { size: 100, seconds: 300 };
const nobody = { publication: () => undefined, signal: () => undefined };

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "roomcast-"));
  file = join(folder, "history.jsonl");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function written(): Promise<HandoverBroker> {
  const broker = new HandoverBroker({ file });
  await broker.start("a", nobody);
  for (let n = 1; n <= 3; n++) {
    await broker.publish(address, { event: "e", data: { n }, source: "server", timestamp: Date.now() }, { keep });
  }
  return broker;
}

it("hands the logs to the process that starts next, once", async () => {
  const before = await written();
  const { position } = await before.history(address, keep, { limit: 0 });
  await before.close();
  const after = new HandoverBroker({ file });
  await after.start("b", nobody);
  const page = await after.history(address, keep, { limit: 10, since: { ...position, offset: 1 } });
  expect(page).toMatchObject({ complete: true, position, events: [{ data: { n: 2 } }, { data: { n: 3 } }] });
  expect(await readdir(folder)).toEqual([]);
});

it.each([
  ["cut off", async () => writeFile(file, (await readFile(file, "utf8")).split("\n").slice(0, 2).join("\n"))],
  ["with something behind it", async () => appendFile(file, '{"more":1}\n')],
  ["no JSON", async () => writeFile(file, "garbage")],
  ["of another version", async () => writeFile(file, '{"roomcast":"history","version":2}\n{"records":0}\n')],
  [
    "with a record that is none",
    async () => writeFile(file, '{"roomcast":"history","version":1}\n{"kind":"log"}\n{"records":1}\n'),
  ],
])("starts with empty logs, and says so, when the file is %s", async (_what, spoil) => {
  await (await written()).close();
  await spoil();
  const failures: unknown[] = [];
  const broker = new HandoverBroker({ file, failed: (where, error) => failures.push([where, error]) });
  await broker.start("b", nobody);
  expect((await broker.history(address, keep, { limit: 10 })).events).toEqual([]);
  expect(failures).toHaveLength(1);
  expect(await readdir(folder)).toEqual([]);
});

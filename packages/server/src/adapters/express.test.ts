import express from "express";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { EmbedOptions } from "../config/embed-options.ts";
import { roomcast, type ExpressRoomcast } from "./express.ts";

const options: EmbedOptions = {
  auth: { jwt: { secret: "a secret of the application, of more than 32 bytes" } },
};

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

function application(): ExpressRoomcast {
  const app = express();
  app.use((_request, response) => void response.send("application"));
  const realtime = roomcast(app, options);
  cleanUp.push(() => realtime.close({ drainSeconds: 1 }));
  return realtime;
}

async function takenPort(): Promise<number> {
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  cleanUp.push(() => taken.close());
  return (taken.address() as AddressInfo).port;
}

describe("Roomcast for Express", () => {
  it("listens in the application's place, before all of its middleware", async () => {
    const realtime = application();
    const server = realtime.listen(0, "127.0.0.1");
    expect(server).toBe(realtime.server);
    await once(server, "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await (await fetch(url)).text()).toBe("application");
    expect((await fetch(`${url}/roomcast/ready`)).status).toBe(200);
    expect(server.listenerCount("error")).toBe(0);
  });

  it("tells a port in use to a callback that takes an error", async () => {
    const realtime = application();
    const port = await takenPort();
    const error = await new Promise((resolve) => {
      realtime.listen(port, "127.0.0.1", (thrown?: Error) => resolve(thrown));
    });
    expect(error).toMatchObject({ code: "EADDRINUSE" });
  });

  it("does not call a callback that takes none, and leaves the error to the server", async () => {
    const realtime = application();
    let called = false;
    const failed = once(realtime.server, "error") as Promise<[NodeJS.ErrnoException]>;
    realtime.listen(await takenPort(), "127.0.0.1", () => (called = true));
    expect((await failed)[0].code).toBe("EADDRINUSE");
    expect(called).toBe(false);
  });

  it("says so where it is put in twice", () => {
    const app = express();
    const server = createServer(app);
    const first = roomcast(server, options);
    cleanUp.push(() => first.close());
    expect(first.server).toBe(server);
    expect(() => roomcast(server, options)).toThrow("This HTTP server has Roomcast already");
  });
});

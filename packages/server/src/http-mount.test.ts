import { createServer, request, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { mountRequests } from "./http-mount.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

const says =
  (text: string): RequestListener =>
  (_request, response) => {
    response.end(text);
  };

async function listening(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

/** Sends the target as it is, which `fetch` would tidy up. */
function ask(port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    request({ port, host: "127.0.0.1", path }, (response) => {
      let text = "";
      response
        .setEncoding("utf8")
        .on("data", (chunk: string) => (text += chunk))
        .on("end", () => resolve(text));
    })
      .on("error", reject)
      .end();
  });
}

describe("mountRequests", () => {
  const owns = (path: string): boolean => path === "/ours" || path.startsWith("/ours/");

  it("takes its own paths, and leaves all others to the listeners that were there", async () => {
    const server = createServer(says("application"));
    mountRequests({ httpServer: server, owns, handle: says("ours") });
    const port = await listening(server);
    for (const path of ["/ours", "/ours/", "/ours/x?y=/", "/ours?z", `http://127.0.0.1:${port}/ours`]) {
      expect(await ask(port, path), path).toBe("ours");
    }
    for (const path of ["/", "/oursish", "/other?/ours", "//", "//ours", "*", `http://127.0.0.1:${port}/other`]) {
      expect(await ask(port, path), path).toBe("application");
    }
  });

  it("answers what is nobody's, unless somebody else listens by now", async () => {
    const server = createServer();
    mountRequests({ httpServer: server, owns, handle: says("ours") });
    const port = await listening(server);
    expect(await ask(port, "/nobody")).toBe("ours");
    server.on("request", (incoming, response) => {
      if (incoming.url === "/late") response.end("late");
    });
    expect(await ask(port, "/late")).toBe("late");
  });

  it("can sit under another one, and hands back what it took", async () => {
    const server = createServer(says("application"));
    const unmount = mountRequests({ httpServer: server, owns, handle: says("ours") });
    mountRequests({ httpServer: server, owns: (path) => path.startsWith("/theirs"), handle: says("theirs") });
    const port = await listening(server);
    expect([await ask(port, "/ours"), await ask(port, "/theirs"), await ask(port, "/else")]).toEqual([
      "ours",
      "theirs",
      "application",
    ]);
    unmount();
    expect(await ask(port, "/ours")).toBe("application");
  });

  it("keeps listeners that want one request only", async () => {
    const server = createServer();
    server.once("request", says("once"));
    mountRequests({ httpServer: server, owns, handle: says("ours") });
    const port = await listening(server);
    expect(await ask(port, "/other")).toBe("once");
  });
});

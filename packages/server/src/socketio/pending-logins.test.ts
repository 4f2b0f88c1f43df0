import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createGateway } from "@roomcast/core";
import { testPrincipal, trustingAuthenticator } from "@roomcast/core/testing";
import { nativeDialect, type Dialect } from "@roomcast/protocol";
import { io, type Socket } from "socket.io-client";
import { expect, it, vi } from "vitest";
import { openEndpoint } from "./endpoint.ts";
import { Gate } from "./gate.ts";

/** The native dialect, with a login afterwards: `login <principal>`. */
const late: Dialect = {
  ...nativeDialect,
  login: "late",
  decode: (frame) =>
    frame[0] === "login"
      ? { kind: "command", event: "login", command: { type: "login", token: frame[1] } }
      : nativeDialect.decode(frame),
};

it("counts whoever is to log in yet among those who wait at the gate, and refuses more than may", async () => {
  const httpServer = createServer();
  const gateway = createGateway({ auth: trustingAuthenticator, limits: { pendingConnections: 2 } });
  const gate = new Gate({ gateway, trustProxy: false });
  const endpoint = openEndpoint({ httpServer, gateway, gate, namespaces: [{ name: "/", dialects: [late] }] });
  await new Promise<void>((resolve) => httpServer.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(httpServer.address() as AddressInfo).port}`;
  const connect = (): Socket => io(url, { transports: ["websocket"], reconnection: false, forceNew: true });
  const connected = (socket: Socket): Promise<boolean> =>
    new Promise((resolve) => {
      socket.once("connect", () => resolve(true));
      socket.once("connect_error", () => resolve(false));
    });

  const [first, second] = [connect(), connect()];
  expect([await connected(first), await connected(second)]).toEqual([true, true]);
  expect(gate.pending).toBe(2);
  const third = connect();
  expect(await connected(third)).toBe(false);

  await first.emitWithAck("login", testPrincipal());
  expect(gate.pending).toBe(1);
  second.disconnect();
  await vi.waitFor(() => expect(gate.pending).toBe(0));
  first.disconnect();
  await vi.waitFor(() => expect(gateway.sessionCount).toBe(0));
  expect(gate.pending).toBe(0);

  await endpoint.close();
  await gateway.close();
  httpServer.close();
});

import type { Frame } from "@roomcast/protocol";
import type { Connection } from "../connection.ts";
import type { Gateway } from "../gateway.ts";
import { casesFor, check, same, until, type ConformanceCase } from "./cases.ts";
import { turn } from "./manual-clock.ts";
import type { Received } from "./test-client.ts";

/** A client of the native dialect that is connected to the subject's gateway, seen from both ends. */
export interface ConnectedClient {
  /** The server's end. */
  readonly connection: Connection;
  /** All that came since `session`, which is the first. */
  readonly received: readonly Received[];
  /** How the client's end learnt that the link has ended; undefined while it stands. */
  readonly ended: "transport" | "disconnect" | undefined;
  /** Sends a frame that asks for an acknowledgement, and does not wait for it. */
  send(...frame: Frame): void;
  /** Stops reading, so that what is written waits at the server, and goes on. */
  pause(): void;
  resume(): void;
  /** Goes away. */
  leave(): void;
}

/** A gateway and a way to connect to it over the connections in question. All clients are of one wire. */
export interface ConnectionSubject {
  /** Has `limits.backlogBytes` of at most 64 KiB, and lets everybody follow and publish to `open:**` (`slow: "resync"`). */
  readonly gateway: Gateway;
  /** Times that the gateway's observer was told of an end. */
  readonly disconnected: () => number;
  connect(): Promise<ConnectedClient>;
  close(): Promise<void>;
}

const events = (client: ConnectedClient, name: string): readonly unknown[] =>
  client.received.flatMap((one) => (one.kind === "event" && one.frame[0] === name ? [one.frame[1]] : []));
const acknowledgements = (client: ConnectedClient): number =>
  client.received.filter(({ kind }) => kind === "acknowledgement").length;

const write = (client: ConnectedClient, ...frame: Frame): void =>
  client.connection.write(client.connection.wire.encode(frame));

/** Every sentence of the contract of `Connection`, `Wire` included. */
export function connectionCases(make: () => Promise<ConnectionSubject>): readonly ConformanceCase[] {
  return casesFor(make, {
    "keeps the order of writes": async ({ connect }) => {
      const client = await connect();
      for (let n = 0; n < 200; n++) write(client, "n", n);
      await until(() => events(client, "n").length === 200, "200 events");
      same(
        events(client, "n"),
        Array.from({ length: 200 }, (_, n) => n),
        "events",
      );
    },
    "sends writes and acknowledgements in the order in which they were decided": async ({ connect, gateway }) => {
      const client = await connect();
      client.send("subscribe", { topic: "open:1" });
      await until(() => acknowledgements(client) === 1, "the answer");
      for (let n = 0; n < 40; n++) {
        client.send("unsubscribe", { subscriptionId: `unknown ${n}` });
        await gateway.publish({ tenantId: "default", name: "open:1" }, "n", n);
      }
      write(client, "marker", true);
      await until(() => events(client, "event").length === 40 && acknowledgements(client) === 41, "all of it");
      const payloads = events(client, "event").map((event) => (event as { payload: unknown }).payload);
      same(
        payloads,
        Array.from({ length: 40 }, (_, n) => n),
        "events",
      );
    },
    "answers before it delivers what follows the answer": async ({ connect, gateway }) => {
      const client = await connect();
      client.send("subscribe", { topic: "open:1" });
      for (let n = 0; n < 5; n++) await gateway.publish({ tenantId: "default", name: "open:1" }, "n", n);
      await until(() => acknowledgements(client) === 1, "the answer");
      await gateway.publish({ tenantId: "default", name: "open:1" }, "n", "last");
      await until(
        () => events(client, "event").some((event) => (event as { payload: unknown }).payload === "last"),
        "last",
      );
      const answer = client.received.findIndex(({ kind }) => kind === "acknowledgement");
      const first = client.received.findIndex((one) => one.kind === "event" && one.frame[0] === "event");
      check(answer < first, `the answer came as number ${answer}, the first event as ${first}`);
    },
    "encodes without regard to who receives it": async ({ connect }) => {
      const [one, two] = [await connect(), await connect()];
      check(one.connection.wire === two.connection.wire, "one wire for one dialect and namespace");
      const frame = one.connection.wire.encode(["n", { text: "żółw 🐢\u2028", list: [null, 1.5, true] }]);
      check(frame.bytes > 0, `a frame of ${frame.bytes} bytes`);
      same(one.connection.wire.encode(["n", 1]).bytes, two.connection.wire.encode(["n", 1]).bytes, "bytes");
      for (const client of [one, two, one]) client.connection.write(frame);
      await until(() => events(one, "n").length === 2 && events(two, "n").length === 1, "the same frame, three times");
      for (const event of [...events(one, "n"), ...events(two, "n")]) {
        same(event, { text: "żółw 🐢\u2028", list: [null, 1.5, true] }, "what arrived");
      }
    },
    "carries large and small frames mixed": async ({ connect }) => {
      const client = await connect();
      const sizes = [1, 125, 126, 30_000, 2, 5_000, 65_000, 3];
      for (const size of sizes) {
        write(client, "n", "é".repeat(size));
        await until(() => !client.connection.overloaded, "the backlog to go");
      }
      await until(() => events(client, "n").length === sizes.length, "all frames");
      same(
        events(client, "n").map((text) => String(text).length),
        sizes,
        "sizes",
      );
    },
    "names what carries it, and is not overloaded at first": async ({ connect }) => {
      const { connection } = await connect();
      check(["websocket", "polling", "memory"].includes(connection.transport), connection.transport);
      check(connection.id !== "", "it has an id");
      same(connection.overloaded, false, "overloaded");
    },
    "has ids of its own": async ({ connect }) => {
      const clients = [await connect(), await connect(), await connect()];
      same(new Set(clients.map(({ connection }) => connection.id)).size, 3, "distinct ids");
      for (const client of clients) {
        same(
          (events(client, "session")[0] as { socketId?: unknown }).socketId,
          client.connection.id,
          "the id it is told",
        );
      }
    },
    "closes for a client that may come back, after what was written": async ({ connect, gateway, disconnected }) => {
      const client = await connect();
      write(client, "last", 1);
      client.connection.close("reconnect");
      await until(() => client.ended !== undefined, "the end");
      same([client.ended, events(client, "last")], ["transport", [1]], "how it ended");
      await until(() => gateway.sessionCount === 0, "the session to go");
      same(disconnected(), 1, "ends told");
    },
    "closes for a client that shall stay away, after what was written": async ({ connect, gateway, disconnected }) => {
      const client = await connect();
      write(client, "last", 1);
      client.connection.close("stay-away");
      await until(() => client.ended !== undefined, "the end");
      same([client.ended, events(client, "last")], ["disconnect", [1]], "how it ended");
      await until(() => gateway.sessionCount === 0, "the session to go");
      same(disconnected(), 1, "ends told");
    },
    "drops a link that is not read, and its backlog": async ({ connect, gateway, disconnected }) => {
      const client = await connect();
      client.pause();
      const frame = client.connection.wire.encode(["n", "x".repeat(16_000)]);
      for (let n = 0; n < 4000 && !client.connection.overloaded; n++) {
        client.connection.write(frame);
        if (n % 20 === 19) await turn();
      }
      client.connection.close("destroy");
      await until(() => gateway.sessionCount === 0, "the session to go");
      same(disconnected(), 1, "ends told");
    },
    "tells its end once when the client goes, whatever is done to it after that": async (subject) => {
      const client = await subject.connect();
      client.leave();
      await until(() => subject.gateway.sessionCount === 0, "the session to go");
      for (const how of ["reconnect", "stay-away", "destroy", "destroy"] as const) client.connection.close(how);
      for (let n = 0; n < 3; n++) write(client, "n", n);
      check(typeof client.connection.overloaded === "boolean", "it can still be asked");
      const other = await subject.connect();
      same([subject.disconnected(), subject.gateway.sessionCount], [1, 1], "ends told, and sessions");
      same([events(client, "n"), events(other, "n")], [[], []], "what came after the end");
    },
    "writes nothing after a close": async ({ connect }) => {
      const client = await connect();
      client.connection.close("stay-away");
      write(client, "n", 1);
      await until(() => client.ended !== undefined, "the end");
      same(events(client, "n"), [], "what came");
    },
    "says that it is overloaded, and when that has gone: then readers are told of their gap": async (subject) => {
      const client = await subject.connect();
      client.send("subscribe", { topic: "open:1" });
      await until(() => acknowledgements(client) === 1, "the answer");
      client.pause();
      const address = { tenantId: "default", name: "open:1" };
      let published = 0;
      while (!client.connection.overloaded && published < 4000) {
        await subject.gateway.publish(address, "n", "x".repeat(16_000));
        if (++published % 20 === 0) await turn();
      }
      check(client.connection.overloaded, `not overloaded by ${published} events of 16 KB that nobody reads`);
      const { position } = await subject.gateway.publish(address, "n", "lost");
      client.resume();
      await until(() => events(client, "gap").length === 1, "the gap");
      same(events(client, "gap")[0], { channel: "open:1", position }, "the gap");
      await subject.gateway.publish(address, "n", "after");
      await until(() => (events(client, "event").at(-1) as { payload: unknown }).payload === "after", "the next event");
      same(client.connection.overloaded, false, "overloaded");
    },
  });
}

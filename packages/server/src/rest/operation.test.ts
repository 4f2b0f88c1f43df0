import { networkInterfaces } from "node:os";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestNode } from "../../test/harness.ts";

let node: TestNode;
beforeAll(async () => {
  node = await TestNode.start({ attach: { metricsToken: "a-token-for-metrics", cors: ["https://app.example"] } });
});
afterAll(() => node.close());

describe("probes", () => {
  it("tell that the node lives and is ready", async () => {
    expect(await node.call("/health", { headers: {} })).toMatchObject({ status: 200, body: { status: "ok" } });
    expect(await node.call("/ready", { headers: {} })).toMatchObject({ status: 200, body: { status: "ready" } });
    expect((await node.call("/health", { method: "HEAD", headers: {} })).status).toBe(200);
  });
});

describe("metrics", () => {
  it("are Prometheus text, for this machine without a token", async () => {
    const socket = await node.connect(await node.token("alice"));
    await socket.emitWithAck("subscribe", { topic: "m" });
    const heard = new Promise((resolve) => socket.once("event", resolve));
    await node.gateway.publish({ tenantId: "default", name: "m" }, "e", 1);
    await heard;
    const answer = await node.call("/metrics", { headers: {} });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toMatch(/^text\/plain; version=/);
    const text = answer.body as string;
    for (const line of [
      'roomcast_connections{dialect="native"} 1',
      "roomcast_subscriptions 1",
      'roomcast_publications_total{source="server"} 1',
      'roomcast_deliveries_total{dialect="native"} 1',
      "roomcast_publish_to_write_seconds_count 1",
    ]) {
      expect(text.split("\n")).toContain(line);
    }
    expect(text).toMatch(/^roomcast_sent_bytes_total [1-9]/m);
    expect(text).toMatch(/^roomcast_flush_connections_count [1-9]/m);
    expect(text).toMatch(/^process_resident_memory_bytes /m);
  });

  it("need their token when the request was forwarded", async () => {
    for (const name of ["X-Forwarded-For", "Forwarded", "Via"]) {
      const headers = { [name]: "for=127.0.0.1" };
      expect(await node.call("/metrics", { headers })).toMatchObject({
        status: 401,
        body: { error: "UNAUTHENTICATED" },
      });
      expect((await node.call("/metrics", { headers: { ...headers, Authorization: "Bearer wrong" } })).status).toBe(
        401,
      );
      expect((await node.call("/metrics", { headers: { ...headers, Authorization: "Bearer a" } })).status).toBe(401);
      expect((await node.call("/metrics", { headers: { ...headers, Authorization: "Bearer a-token" } })).status).toBe(
        401,
      );
    }
  });
});

describe("metrics from other machines", () => {
  // Reached by an address that is not loopback, the peer has that address too.
  const outside = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === "IPv4" && !internal)?.address;

  it.runIf(outside !== undefined)("need their token", async () => {
    const far = await TestNode.start({ host: "0.0.0.0", attach: { metricsToken: "a-token-for-metrics" } });
    const url = `http://${outside}:${new URL(far.url).port}/metrics`;
    expect((await fetch(url)).status).toBe(401);
    expect((await fetch(url, { headers: { Authorization: "Bearer a-token-for-metricS" } })).status).toBe(401);
    expect((await fetch(url, { headers: { Authorization: "Bearer a-token-for-metrics" } })).status).toBe(200);
    await far.close();
  });

  it("are refused where no token is configured", async () => {
    const plain = await TestNode.start();
    const headers = { "X-Forwarded-For": "127.0.0.1", Authorization: "Bearer undefined" };
    expect(await plain.call("/metrics", { headers })).toMatchObject({ status: 403, body: { error: "FORBIDDEN" } });
    await plain.close();
  });
});

describe("pages of other origins", () => {
  it("may call where the configuration names them", async () => {
    const preflight = (origin: string) =>
      node.call("/api/socket/broadcast", {
        method: "OPTIONS",
        headers: {
          Origin: origin,
          "Access-Control-Request-Method": "POST",
          "Access-Control-Request-Headers": "x-api-key",
        },
      });
    const good = await preflight("https://app.example");
    expect([good.status, good.headers.get("access-control-allow-origin")]).toEqual([204, "https://app.example"]);
    expect(good.headers.get("access-control-allow-headers")).toContain("X-Api-Key");
    expect((await preflight("https://evil.example")).headers.get("access-control-allow-origin")).toBeNull();
    const refused = await node.call("/api/socket/channels", { headers: { Origin: "https://app.example" } });
    expect([refused.status, refused.headers.get("access-control-allow-origin")]).toEqual([401, "https://app.example"]);
  });
});

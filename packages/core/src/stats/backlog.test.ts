import { describe, expect, it } from "vitest";
import { TestGateway, type TestClient } from "../testing/index.ts";
import type { NodeSample } from "./samples.ts";

async function crowd(count: number): Promise<{ test: TestGateway; operator: TestClient; clients: TestClient[] }> {
  const test = new TestGateway({ limits: { connectionsPerUser: 0 } });
  const operator = await test.connect({ userId: "op", roles: ["operator"] });
  const clients: TestClient[] = [];
  for (let n = 0; n < count; n++) clients.push(await test.connect({ userId: "u" }));
  return { test, operator, clients };
}

const backlogs = (operator: TestClient): number[] =>
  operator.events().map(({ payload }) => (payload as NodeSample).backlog);

/** Has something wait for a client. */
function wait(client: TestClient): void {
  client.pause();
  client.session.push({ type: "expiring", expiresAt: 0 });
}

describe("the backlog of many connections", () => {
  it("is counted a thousand at a time, so that a round of 2,500 takes a few of them", async () => {
    const { test, operator, clients } = await crowd(2500);
    for (const client of clients) wait(client);
    const whole = clients.reduce((sum, { load }) => sum + load.waiting, 0);
    let asked = 0;
    for (const client of clients) {
      Object.defineProperty(client, "load", { get: () => (asked++, { waiting: whole / 2500, written: 0 }) });
    }
    await operator.request("subscribe", { topic: "@cluster" });
    await test.advance(1000);
    expect([asked, backlogs(operator)]).toEqual([999, [0]]);
    await test.advance(100);
    expect(asked).toBe(1999);
    await test.advance(900);
    expect(backlogs(operator)[1]).toBe(Math.round(whole));
  });

  it("ends its round though connections come and go meanwhile", async () => {
    const { test, operator, clients } = await crowd(1500);
    await operator.request("subscribe", { topic: "@cluster" });
    await test.advance(1000);
    for (const client of clients.slice(500)) client.leave();
    for (let n = 0; n < 100; n++) wait(await test.connect({ userId: "late" }));
    await test.advance(2000);
    expect(backlogs(operator).at(-1)).toBeGreaterThan(0);
    await test.gateway.close();
  });
});

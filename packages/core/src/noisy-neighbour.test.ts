import { expect, it } from "vitest";
import type { Authenticator } from "./auth.ts";
import { TestGateway, trustingAuthenticator } from "./testing/index.ts";

const never = new Promise<never>(() => {});

it("authenticators that hang do not hold up decisions of others", async () => {
  const auth: Authenticator = {
    authenticate: (credentials) =>
      credentials.kind === "cookies" ? never : trustingAuthenticator.authenticate(credentials),
  };
  const test = new TestGateway({ auth, limits: { concurrentHooks: 4 } });
  const alice = await test.connect();
  void Promise.allSettled(
    Array.from({ length: 4 }, () => test.gateway.admit({ kind: "cookies", tenantId: "default", token: "nothing" })),
  );
  await test.settle();
  let answer: unknown;
  void alice.request("subscribe", { topic: "a" }).then((reply) => (answer = reply));
  await test.settle();
  expect(answer).toMatchObject({ ok: true });
});

it("rule functions that hang for one tenant do not hold up another's built-in decisions", async () => {
  const test = new TestGateway({
    channels: [{ match: "slow", subscribe: () => never }],
    limits: { concurrentHooks: 4 },
  });
  const alice = await test.connect();
  for (let n = 0; n < 4; n++) {
    (await test.connect({ userId: `u${n}`, tenantId: "other" })).send("subscribe", { topic: "slow" });
  }
  await test.settle();
  let answer: unknown;
  void alice.request("subscribe", { topic: "a" }).then((reply) => (answer = reply));
  await test.settle();
  expect(answer).toMatchObject({ ok: true });
});

import { describe, expect, test } from "vitest";
import { HandshakeLimiter } from "./handshakes.ts";

function limiter(perSecond: number) {
  let now = 0;
  const clock = { now: () => now, after: () => () => {} };
  return { limiter: new HandshakeLimiter({ clock, perSecond }), pass: (ms: number) => (now += ms) };
}

describe("the handshake limiter", () => {
  test("lets one second's worth through at once, and then its rate", () => {
    const { limiter: handshakes, pass } = limiter(10);
    const take = (count: number): number =>
      Array.from({ length: count }).filter(() => handshakes.take("10.0.0.1")).length;
    expect(take(50)).toBe(10);
    pass(99);
    expect(take(50)).toBe(0);
    pass(1);
    expect(take(50)).toBe(1);
    pass(3_600_000);
    expect(take(50)).toBe(10);
  });

  test("knows addresses apart, and the many of one IPv6 network not", () => {
    const { limiter: handshakes } = limiter(1);
    const taken = [
      "10.0.0.1",
      "::ffff:10.0.0.1",
      "10.0.0.2",
      "2001:db8:0:1::1",
      "2001:DB8::1:a:b:c:d",
      "2001:db8::1",
      "::1",
    ];
    expect(taken.map((address) => handshakes.take(address))).toEqual([true, false, true, true, false, true, true]);
  });

  test("forgets addresses that are quiet, and never keeps more than ten thousand", () => {
    const { limiter: handshakes, pass } = limiter(1);
    for (let i = 0; i < 20_000; i++) handshakes.take(`address ${i}`);
    expect(handshakes.size).toBe(10_000);
    pass(1000);
    handshakes.take("another");
    expect(handshakes.size).toBe(1);
  });

  test("with no rate refuses nobody, and keeps nothing", () => {
    const { limiter: handshakes } = limiter(0);
    for (let i = 0; i < 100; i++) expect(handshakes.take("10.0.0.1")).toBe(true);
    expect(handshakes.size).toBe(0);
  });
});

import type { IncomingMessage } from "node:http";
import { describe, expect, test } from "vitest";
import { isOwnOrigin, visibleHeaders } from "./origins.ts";

function request(headers: Record<string, string>, options: { url?: string; encrypted?: boolean } = {}) {
  const { url = "/socket.io/?EIO=4&transport=polling", encrypted = false } = options;
  return { url, headers, socket: { encrypted } } as unknown as IncomingMessage;
}

const own = (headers: Record<string, string>, options?: Parameters<typeof request>[1]): boolean =>
  isOwnOrigin(request({ host: "app.test", ...headers }, options), ["https://listed.test"], false);

describe("the own origin", () => {
  test.each<[headers: Record<string, string>, own: boolean]>([
    [{}, true],
    [{ "sec-fetch-site": "same-origin" }, true],
    [{ "sec-fetch-site": "same-site" }, false],
    [{ "sec-fetch-site": "cross-site" }, false],
    [{ "sec-fetch-site": "none" }, false],
    [{ "sec-fetch-site": "" }, false],
    [{ origin: "http://app.test" }, true],
    [{ origin: "https://app.test" }, true],
    [{ origin: "https://app.test", host: "APP.test" }, true],
    [{ origin: "https://app.test", host: "app.test:443" }, true],
    [{ origin: "https://app.test:8443", host: "app.test:8443" }, true],
    [{ origin: "https://app.test:8443" }, false],
    [{ origin: "https://app.test", host: "app.test:8443" }, false],
    [{ origin: "https://app.test.evil.test" }, false],
    [{ origin: "https://evil.test" }, false],
    [{ origin: "https://evil.test", "sec-fetch-site": "same-origin" }, false],
    [{ origin: "https://evil.test", "x-forwarded-host": "evil.test" }, false],
    [{ origin: "null" }, false],
    [{ origin: "" }, false],
    [{ origin: "app.test" }, false],
    [{ origin: "file://app.test" }, false],
    [{ origin: "chrome-extension://app.test" }, false],
    [{ origin: "https://listed.test" }, true],
    [{ origin: "https://listed.test:444" }, false],
    [{ origin: "http://listed.test" }, false],
  ])("of %j: %j", (headers, expected) => {
    expect(own(headers)).toBe(expected);
  });

  test("is never that of a script tag", () => {
    expect(own({}, { url: "/socket.io/?EIO=4&transport=polling&j=0" })).toBe(false);
  });

  test("has TLS where the server is known to have it", () => {
    expect(own({ origin: "http://app.test" }, { encrypted: true })).toBe(false);
    expect(own({ origin: "https://app.test" }, { encrypted: true })).toBe(true);
  });

  test("is what a proxy says that is believed", () => {
    const headers = { host: "inner:3000", "x-forwarded-host": "app.test", "x-forwarded-proto": "https" };
    const from = (origin: string): boolean => isOwnOrigin(request({ ...headers, origin }), [], 1);
    expect(from("https://app.test")).toBe(true);
    expect(from("http://app.test")).toBe(false);
    expect(from("http://inner:3000")).toBe(false);
  });
});

test("headers of other origins are shown without cookies", () => {
  const headers = { cookie: "a=1", authorization: "Bearer x" };
  expect(visibleHeaders(headers, true)).toBe(headers);
  expect(visibleHeaders(headers, false)).toEqual({ authorization: "Bearer x" });
});

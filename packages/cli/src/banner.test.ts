import { describe, expect, it } from "vitest";
import { banner, type BannerOptions } from "./banner.ts";

const options: BannerOptions = {
  version: "1.2.3",
  url: "http://127.0.0.1:3000",
  broker: "memory",
  config: undefined,
  admin: "/admin",
  tryWith: "secret",
  colours: false,
};

describe("banner", () => {
  it("draws a box whose sides are straight, with or without colours", () => {
    for (const colours of [false, true]) {
      // oxlint-disable-next-line no-control-regex -- the colours are what is to be taken away
      const plain = banner({ ...options, colours }).replaceAll(/\u001B\[\d+m/g, "");
      const box = plain.split("\n").filter((line) => /^[╭│╰]/.test(line));
      expect(box.length).toBeGreaterThan(4);
      expect(new Set(box.map((line) => line.length)).size).toBe(1);
      expect(plain).toContain("http://127.0.0.1:3000");
    }
  });

  it("has no control characters without colours", () => {
    expect(banner(options)).not.toContain("\u001B");
    expect(banner({ ...options, colours: true })).toContain("\u001B");
  });

  it("puts each command on one line, with the tokens in it", () => {
    const lines = banner({ ...options, tryWith: { client: "CLIENT", service: "SERVICE", operator: "OPERATOR" } }).split(
      "\n",
    );
    expect(lines.find((line) => line.startsWith("npx roomcast listen"))).toContain("--token CLIENT");
    expect(lines.find((line) => line.startsWith("curl"))).toContain("Bearer SERVICE");
    expect(lines).toContain("OPERATOR");
  });

  it("says where the admin page is, and nothing of it where there is none", () => {
    expect(banner(options).match(/http:\/\/127\.0\.0\.1:3000\/admin\b/g)).toHaveLength(2);
    expect(banner({ ...options, admin: undefined })).not.toMatch(/admin|operator/i);
  });

  it("says how to make tokens where it may not show any", () => {
    expect(banner(options)).toContain("npx roomcast token --sub alice");
    expect(banner({ ...options, tryWith: "nothing" })).toContain("ROOMCAST_JWT_SECRET");
    expect(banner({ ...options, tryWith: "own tokens" })).toContain("your issuer");
  });
});

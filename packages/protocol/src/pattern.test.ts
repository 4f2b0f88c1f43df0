import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compilePattern } from "./pattern.ts";

const alice = { userId: "alice", tenantId: "acme" };

function match(pattern: string, name: string, own: { userId: string | null; tenantId: string } = alice) {
  const params = compilePattern(pattern).match(name, own);
  return params === null ? null : { ...params };
}

function cover(pattern: string, name: string, tenantId = "acme") {
  const params = compilePattern(pattern).cover(name, tenantId);
  return params === null ? null : { ...params };
}

describe("compilePattern", () => {
  it("has a piece end at :, . and /", () => {
    expect(match("chat:{room}", "chat:1")).toEqual({ room: "1" });
    for (const name of ["chat:1:2", "chat:1.2", "chat:1/2", "chat:", "chat", "Chat:1", "xchat:1"]) {
      expect([name, match("chat:{room}", name)]).toEqual([name, null]);
    }
    expect(match("a/{x}.{y}:{z}", "a/1.2:3")).toEqual({ x: "1", y: "2", z: "3" });
    expect(match("{x}", "a-b_c@d")).toEqual({ x: "a-b_c@d" });
    expect(match("{x}:end", "a:end")).toEqual({ x: "a" });
    expect(match("{x}:end", "a:ending")).toBeNull();
  });

  it("has ** be the rest, also none of it", () => {
    expect(match("**", "a/b:c")).toEqual({});
    expect(match("a:**", "a:")).toEqual({});
    expect(match("a:**", "a:b.c/d")).toEqual({});
    expect(match("a:**", "a")).toBeNull();
    expect(match("{x}:**", "a:b:c")).toEqual({ x: "a" });
  });

  it("takes text as it is, also what means something to regular expressions", () => {
    expect(match("a.b+(c)[d]|^$?\\", "a.b+(c)[d]|^$?\\")).toEqual({});
    expect(match("a.b", "aXb")).toBeNull();
  });

  it("matches a user's own id by equality, whatever characters it has", () => {
    for (const userId of ["alice", "a:b", "john.doe@x.com", "a/b", ":", ".", "a*", "żółw", "__proto__", "user:alice"]) {
      const own = { userId, tenantId: "acme" };
      expect(match("inbox:{userId}", `inbox:${userId}`, own)).toEqual({ userId });
      expect(match("inbox:{userId}:x", `inbox:${userId}:x`, own)).toEqual({ userId });
      expect(match("inbox:{userId}", `inbox:${userId}2`, own)).toBeNull();
      expect(match("inbox:{userId}", "inbox:", own)).toBeNull();
    }
    expect(match("inbox:{userId}", "inbox:alice", { userId: "al", tenantId: "acme" })).toBeNull();
    expect(match("{tenantId}:{userId}:{x}", "acme:alice:1")).toEqual({ tenantId: "acme", userId: "alice", x: "1" });
    expect(match("{tenantId}:x", "other:x")).toBeNull();
  });

  it("has visitors own nothing", () => {
    const visitor = { userId: null, tenantId: "acme" };
    for (const name of ["inbox:null", "inbox:", "inbox:alice"])
      expect(match("inbox:{userId}", name, visitor)).toBeNull();
    expect(match("{tenantId}:x", "acme:x", visitor)).toEqual({ tenantId: "acme" });
  });

  it("covers the channels of every user of the tenant", () => {
    expect(cover("inbox:{userId}", "inbox:a:b.c/d")).toEqual({ userId: "a:b.c/d" });
    expect(cover("inbox:{userId}:mail", "inbox:a:mail:mail")).toEqual({ userId: "a:mail" });
    expect(cover("{tenantId}:{userId}", "acme:bob")).toEqual({ tenantId: "acme", userId: "bob" });
    expect(cover("{tenantId}:{userId}", "other:bob")).toBeNull();
    expect(cover("inbox:{userId}:{n}", "inbox:a:b:7")).toEqual({ userId: "a:b", n: "7" });
    expect(cover("inbox:{userId}", "inbox:")).toBeNull();
  });

  it("says whether somebody owns its channels", () => {
    expect(compilePattern("inbox:{userId}").owned).toBe(true);
    expect(compilePattern("org/{tenantId}/**").owned).toBe(true);
    expect(compilePattern("chat:{room}:**").owned).toBe(false);
  });

  it("never matches the gateway's own names", () => {
    for (const name of ["@sessions", "$x", "@"]) {
      expect(match("**", name)).toBeNull();
      expect(match(name, name)).toBeNull();
      expect(cover("**", name)).toBeNull();
      expect(cover("{x}", name)).toBeNull();
    }
  });

  it("has parameters of any name, without a prototype", () => {
    const params = compilePattern("{__proto__}:{constructor}").match("a:b", alice);
    expect(Object.getPrototypeOf(params)).toBeNull();
    expect(Object.entries(params ?? {})).toEqual([
      ["__proto__", "a"],
      ["constructor", "b"],
    ]);
  });

  it("refuses what it cannot mean, and says what is wrong", () => {
    const wrong = ["", "a*", "*", "***", "**a", "a**b", "{}", "{", "}", "{a", "a}", "{a b}", "{a}{b}", "{a}x", "a b"];
    wrong.push("{a}:{a}", "{userId}:{userId}", "{1a}", "{a.b}", "a\n", "x".repeat(513));
    for (const source of wrong) expect(() => compilePattern(source), source).toThrow(Error);
    for (const source of [undefined, null, 1, [], {}])
      expect(() => compilePattern(source as unknown as string)).toThrow();
    expect(() => compilePattern("a:{x}y")).toThrow(/a:\{x\}y/);
  });

  it("covers whatever it matches, with the same parameters for its owner", () => {
    const piece = fc.string({ unit: fc.constantFrom("a", "b", "é"), minLength: 1, maxLength: 3 });
    const id = fc.string({ unit: fc.constantFrom("a", "b", ":", ".", "/", "@"), minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(id, piece, piece, fc.constantFrom(":", ".", "/"), (userId, x, y, separator) => {
        const source = `p${separator}{userId}${separator}{x}${separator}{y}`;
        const name = `p${separator}${userId}${separator}${x}${separator}${y}`;
        const own = { userId, tenantId: "t" };
        expect(match(source, name, own)).toEqual({ userId, x, y });
        expect(cover(source, name, "t")).not.toBeNull();
        // Whoever else it may cover is named by it again: putting the parameters back gives the name.
        const covered = cover(source, name, "t") as Record<string, string>;
        expect(`p${separator}${covered["userId"]}${separator}${covered["x"]}${separator}${covered["y"]}`).toBe(name);
      }),
    );
  });

  it("takes no more than a moment for the worst names", () => {
    const pattern = compilePattern("{userId}:{a}:{b}:{c}:{d}:{e}:{f}:x");
    expect(pattern.cover(":a".repeat(127), "t")).toBeNull();
    expect(pattern.cover("a:".repeat(127), "t")).toBeNull();
  });
});

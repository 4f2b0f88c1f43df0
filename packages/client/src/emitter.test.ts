import { describe, expect, it } from "vitest";
import { Emitter } from "./emitter.ts";

function emitter(): { emitter: Emitter; failures: unknown[] } {
  const failures: unknown[] = [];
  return { emitter: new Emitter({ failed: (thrown) => failures.push(thrown) }), failures };
}

describe("Emitter", () => {
  it("removes one registration and never another's, also of the same function", () => {
    const { emitter: it } = emitter();
    let calls = 0;
    const handler = (): void => void calls++;
    const removeFirst = it.on("a", handler);
    it.on("a", handler);
    it.emit("a", 0);
    expect(calls).toBe(2);
    removeFirst();
    removeFirst();
    it.emit("a", 0);
    expect(calls).toBe(3);
    it.off("a", () => undefined);
    it.emit("a", 0);
    expect(calls).toBe(4);
    it.off("a", handler);
    expect(it.emit("a", 0)).toBe(false);
    expect(calls).toBe(4);
  });

  it("calls a once-listener once, even when it emits again itself", () => {
    const { emitter: it } = emitter();
    let calls = 0;
    it.on("a", () => void (calls++, it.emit("a", 0)), true);
    it.emit("a", 0);
    expect(calls).toBe(1);
  });

  it("calls neither what was added nor what was removed meanwhile", () => {
    const { emitter: it } = emitter();
    const calls: string[] = [];
    it.on("a", () => {
      calls.push("first");
      remove();
      it.on("a", () => void calls.push("added"));
    });
    const remove = it.on("a", () => void calls.push("removed"));
    it.emit("a", 0);
    expect(calls).toEqual(["first"]);
  });

  it("tells what a listener throws or rejects with, and calls the others", async () => {
    const { emitter: it, failures } = emitter();
    let calls = 0;
    it.on("a", () => {
      throw new Error("thrown");
    });
    it.on("a", async () => {
      await Promise.resolve();
      throw new Error("rejected");
    });
    it.on("a", () => void calls++);
    it.emit("a", 0);
    await Promise.resolve();
    await Promise.resolve();
    await Promise.resolve();
    expect(calls).toBe(1);
    expect(failures).toEqual([new Error("thrown"), new Error("rejected")]);
  });
});

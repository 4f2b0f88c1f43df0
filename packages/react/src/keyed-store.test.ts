import { beforeEach, describe, expect, it, vi } from "vitest";
import { KeyedStore } from "./keyed-store.ts";

let log: string[];
let setters: Map<string, (value: number) => void>;
let store: KeyedStore<number>;

beforeEach(() => {
  log = [];
  setters = new Map();
  store = new KeyedStore<number>({
    initial: 0,
    begin(key, set) {
      log.push(`begin ${key}`);
      setters.set(key, set);
      return () => log.push(`end ${key}`);
    },
  });
});

const set = (key: string, value: number): void => setters.get(key)?.(value);
const ignore = (): void => undefined;

describe("KeyedStore", () => {
  it("begins with the first listener, and never by being read", () => {
    expect(store.get("a")).toBe(0);
    expect(log).toEqual([]);
    store.subscribe("a", ignore);
    store.subscribe("a", ignore);
    store.subscribe("b", ignore);
    expect(log).toEqual(["begin a", "begin b"]);
    expect(store.subscribe(undefined, ignore)()).toBeUndefined();
    expect(store.get(undefined)).toBe(0);
  });

  it("tells the listeners of a key, each by its own registration", () => {
    let calls = 0;
    const listener = (): void => void calls++;
    const first = store.subscribe("a", listener);
    store.subscribe("a", listener);
    store.subscribe("b", () => expect.unreachable());
    set("a", 1);
    expect([store.get("a"), calls]).toEqual([1, 2]);
    first();
    first();
    set("a", 2);
    expect([store.get("a"), store.get("b"), calls]).toEqual([2, 0, 3]);
  });

  it("ends a turn after the last listener, unless one has come meanwhile", async () => {
    const leave = store.subscribe("a", ignore);
    set("a", 1);
    leave();
    const again = store.subscribe("a", ignore);
    // Behind the timer of the store, which was set before.
    await new Promise((resolve) => setTimeout(resolve));
    expect([log, store.get("a")]).toEqual([["begin a"], 1]);
    again();
    expect(log).toEqual(["begin a"]);
    await vi.waitFor(() => expect(log).toEqual(["begin a", "end a"]));
    expect(store.get("a")).toBe(0);
  });

  it("hears nothing more of what has ended", async () => {
    const old = store.subscribe("a", ignore);
    const setOld = setters.get("a");
    old();
    await vi.waitFor(() => expect(log).toEqual(["begin a", "end a"]));
    let calls = 0;
    store.subscribe("a", () => void calls++);
    setOld?.(7);
    expect([store.get("a"), calls]).toEqual([0, 0]);
  });
});

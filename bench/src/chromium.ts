import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { monotonic } from "./clock.ts";

/** The Chrome DevTools Protocol ends each message with it where it goes through a pipe. */
const END = "\0";
const POLL_MS = 50;
const PATIENCE_MS = 30_000;
/** Where nobody takes leave of dead processes, they count as there for ever. */
const GONE_MS = 3000;

/** Without what browsers do of their own accord, and without slowing down what nobody sees. */
const ARGUMENTS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--hide-scrollbars",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-breakpad",
  "--disable-crash-reporter",
  "--disable-background-timer-throttling",
  "--disable-backgrounding-occluded-windows",
  "--disable-renderer-backgrounding",
  "--accept-lang=en-GB",
  "--remote-debugging-pipe",
];

interface Message {
  readonly id?: number;
  readonly sessionId?: string;
  readonly method?: string;
  readonly params?: object;
  readonly result?: object;
  readonly error?: { readonly message: string };
}

interface Asked {
  readonly resolve: (result: object) => void;
  readonly reject: (error: Error) => void;
}

type OnEvent = (params: object) => void;

/**
 * Chromium, asked by its own protocol. Libraries that drive browsers have it tell them of each frame of each WebSocket, which
 * takes more of a core than a page that shows them.
 */
export class Chromium {
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #asked = new Map<number, Asked>();
  readonly #listeners = new Map<string, OnEvent>();
  #count = 0;
  #rest = "";

  private constructor(child: ChildProcess, folder: string) {
    this.#child = child;
    this.#folder = folder;
    const [, , , , output] = child.stdio as readonly (Readable | null)[];
    output?.setEncoding("utf8").on("data", (text: string) => this.#take(text));
    child.once("exit", () => {
      for (const { reject } of this.#asked.values()) reject(new Error("Chromium ended"));
      this.#asked.clear();
    });
  }

  /** Rejects where it does not come up. It ends with us: when nobody holds the other end of its pipe any more. */
  static async start(file: string): Promise<Chromium> {
    const folder = mkdtempSync(join(tmpdir(), "roomcast-bench-"));
    const stdio = ["ignore", "ignore", "ignore", "pipe", "pipe"] as const;
    const child = spawn(file, [...ARGUMENTS, `--user-data-dir=${folder}`, "about:blank"], {
      stdio: [...stdio],
      // All of its processes are one group, which is ended as one.
      detached: true,
      // What it leaves there goes with its own folder.
      env: { ...process.env, TMPDIR: folder },
    });
    const chromium = new Chromium(child, folder);
    const failed = once(child, "error").then(([error]) => Promise.reject(error as Error));
    await Promise.race([chromium.send("Browser.getVersion"), failed]);
    return chromium;
  }

  /** An empty tab of a browser that has no cookies yet, and nothing in its cache. */
  async newTab(size: { readonly width: number; readonly height: number }): Promise<Tab> {
    const { browserContextId } = await this.send<{ browserContextId: string }>("Target.createBrowserContext");
    const asked = { url: "about:blank", browserContextId };
    const { targetId } = await this.send<{ targetId: string }>("Target.createTarget", asked);
    const attaching = { targetId, flatten: true };
    const { sessionId } = await this.send<{ sessionId: string }>("Target.attachToTarget", attaching);
    const tab = new Tab({ chromium: this, sessionId, browserContextId });
    await tab.send("Page.enable");
    await tab.send("Emulation.setDeviceMetricsOverride", { ...size, deviceScaleFactor: 1, mobile: false });
    return tab;
  }

  /** Rejects with what Chromium says of it. */
  async send<Result = object>(method: string, params: object = {}, sessionId?: string): Promise<Result> {
    const id = ++this.#count;
    const [, , , input] = this.#child.stdio as readonly unknown[] as readonly (Writable | null)[];
    return await new Promise<Result>((resolve, reject) => {
      this.#asked.set(id, { resolve: resolve as (result: object) => void, reject });
      input?.write(JSON.stringify({ id, method, params, sessionId }) + END);
    });
  }

  /** Calls `listener` with each event of this name in a session. One at a time. */
  on(method: string, sessionId: string, listener: OnEvent): void {
    this.#listeners.set(`${sessionId} ${method}`, listener);
  }

  async close(): Promise<void> {
    // Any of its processes would write to the folder again.
    const { pid } = this.#child;
    const began = monotonic();
    while (pid !== undefined && killed(-pid) && monotonic() - began < GONE_MS)
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }

  #take(text: string): void {
    const parts = (this.#rest + text).split(END);
    this.#rest = parts.pop() ?? "";
    for (const part of parts) {
      const { id, sessionId, method, params, result, error } = JSON.parse(part) as Message;
      if (id === undefined) {
        this.#listeners.get(`${sessionId} ${method}`)?.(params ?? {});
        continue;
      }
      const asked = this.#asked.get(id);
      this.#asked.delete(id);
      if (error === undefined) asked?.resolve(result ?? {});
      else asked?.reject(new Error(error.message));
    }
  }
}

/** Kills what is left of a process group; false where nothing is. */
function killed(group: number): boolean {
  try {
    return process.kill(group, "SIGKILL");
  } catch {
    return false;
  }
}

interface Evaluated {
  readonly result: { readonly value?: unknown };
  readonly exceptionDetails?: { readonly text: string; readonly exception?: { readonly description?: string } };
}

/** One tab. */
export class Tab {
  readonly #chromium: Chromium;
  readonly #sessionId: string;
  readonly #browserContextId: string;

  constructor(options: { chromium: Chromium; sessionId: string; browserContextId: string }) {
    this.#chromium = options.chromium;
    this.#sessionId = options.sessionId;
    this.#browserContextId = options.browserContextId;
  }

  async send<Result = object>(method: string, params: object = {}): Promise<Result> {
    return await this.#chromium.send<Result>(method, params, this.#sessionId);
  }

  on(method: string, listener: OnEvent): void {
    this.#chromium.on(method, this.#sessionId, listener);
  }

  /** Resolves when the document is there; what it loads may not be. */
  async open(url: string): Promise<void> {
    const { errorText } = await this.send<{ errorText?: string }>("Page.navigate", { url });
    if (errorText !== undefined) throw new Error(`${url}: ${errorText}`);
  }

  /** Calls a function in the tab, by its source: it can use nothing but its argument, and what there is in a tab. */
  async call<Argument, Value>(work: (argument: Argument) => Value, argument: Argument): Promise<Awaited<Value>> {
    const expression = `(${work.toString()})(${JSON.stringify(argument)})`;
    const asked = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = await this.send<Evaluated>("Runtime.evaluate", asked);
    if (exceptionDetails !== undefined)
      throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value as Awaited<Value>;
  }

  /** Resolves when there is an element of this selector. */
  async find(selector: string): Promise<void> {
    for (const began = monotonic(); monotonic() - began < PATIENCE_MS;) {
      if (await this.call((wanted) => document.querySelector(wanted) !== null, selector)) return;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    throw new Error(`There is no ${selector} after ${PATIENCE_MS} ms`);
  }

  async close(): Promise<void> {
    await this.#chromium.send("Target.disposeBrowserContext", { browserContextId: this.#browserContextId });
  }
}

import { createHash } from "node:crypto";
import type { Clock } from "@roomcast/core";
import { readText } from "./read-text.ts";

const TIMEOUT_MS = 5000;
const MAX_BYTES = 256 * 1024;
/** How long an answer is good, also that there is no such user. */
const REMEMBER_MS = 10_000;
const MOST_ANSWERS = 10_000;

interface Answer {
  /** Milliseconds since 1970; while the answer is under way, for ever. */
  until: number;
  readonly user: Promise<unknown>;
}

/**
 * Asks an HTTP address of the application who a token belongs to: POST `{ token, tenantId }`, answered by 200 with the user, or by
 * 401, 403 or 404. Follows no redirect, waits at most 5 s and reads at most 256 KiB. Those who ask for the same token at
 * once, or within 10 s of its answer, get the same one.
 */
export class CookieHook {
  readonly #url: string;
  readonly #clock: Clock;
  readonly #most: number;
  /** By the digest of the token: whoever reads this memory cannot log in with it. In the order of their answers. */
  readonly #answers = new Map<string, Answer>();

  /** `most` answers are remembered at once; 10,000 unless given. */
  constructor(options: { url: string; clock: Clock; most?: number }) {
    this.#url = options.url;
    this.#clock = options.clock;
    this.#most = options.most ?? MOST_ANSWERS;
  }

  /** How many answers are remembered or under way. */
  get size(): number {
    return this.#answers.size;
  }

  /** The user as the application tells it, or null. Rejects with a plain `Error` where there was no such answer. */
  async ask(token: string, tenantId: string): Promise<unknown> {
    const key = createHash("sha256")
      .update(JSON.stringify([tenantId, token]))
      .digest("base64");
    const known = this.#answers.get(key);
    if (known !== undefined && known.until > this.#clock.now()) return await known.user;
    const answer: Answer = { until: Number.POSITIVE_INFINITY, user: this.#post(token, tenantId) };
    this.#keep(key, answer);
    try {
      const user = await answer.user;
      answer.until = this.#clock.now() + REMEMBER_MS;
      // Unless another took its place meanwhile.
      if (this.#answers.get(key) === answer) this.#keep(key, answer);
      return user;
    } catch (error) {
      if (this.#answers.get(key) === answer) this.#answers.delete(key);
      throw error;
    }
  }

  #keep(key: string, answer: Answer): void {
    this.#answers.delete(key);
    const now = this.#clock.now();
    for (const [oldest, { until }] of this.#answers) {
      if (until > now && this.#answers.size < this.#most) break;
      this.#answers.delete(oldest);
    }
    this.#answers.set(key, answer);
  }

  async #post(token: string, tenantId: string): Promise<unknown> {
    const abort = new AbortController();
    const cancel = this.#clock.after(TIMEOUT_MS, () => abort.abort(new Error(`no answer within ${TIMEOUT_MS} ms`)));
    try {
      const response = await fetch(this.#url, {
        method: "POST",
        redirect: "manual",
        signal: abort.signal,
        headers: { "content-type": "application/json", accept: "application/json" },
        body: JSON.stringify({ token, tenantId }),
      });
      if (response.status === 200) return JSON.parse(await readText(response, MAX_BYTES)) as unknown;
      await response.body?.cancel();
      if ([401, 403, 404].includes(response.status)) return null;
      throw new Error(`the answer's status is ${response.status}, and none of 200, 401, 403 and 404`);
    } catch (cause) {
      throw new Error("The address of auth.cookie.url did not say who the user is", { cause });
    } finally {
      cancel();
    }
  }
}

import type { Message } from "./realtime.ts";

/** Calls the server as one user. */
export class Api {
  readonly userId: string;
  #token: string | undefined;

  constructor(options: { userId: string }) {
    this.userId = options.userId;
  }

  /**
   * Gets a new token. The connection asks for one whenever it needs it, before the last one expires; the calls below use the
   * same, so that they never have an old one.
   */
  readonly login = async (): Promise<string> => {
    const { token } = await call<{ token: string }>("POST", "/login", { body: { userId: this.userId } });
    this.#token = token;
    return token;
  };

  async messages(signal: AbortSignal): Promise<Message[]> {
    return await call<Message[]>("GET", "/messages", { token: this.#token ?? (await this.login()), signal });
  }

  async write(text: string): Promise<void> {
    await call("POST", "/messages", { token: this.#token ?? (await this.login()), body: { text } });
  }
}

interface CallOptions {
  readonly token?: string;
  readonly body?: object;
  readonly signal?: AbortSignal;
}

async function call<Answer>(method: string, path: string, { token, body, signal }: CallOptions): Promise<Answer> {
  const response = await fetch(path, {
    method,
    headers: {
      ...(body === undefined ? undefined : { "content-type": "application/json" }),
      ...(token === undefined ? undefined : { authorization: `Bearer ${token}` }),
    },
    body: body === undefined ? null : JSON.stringify(body),
    signal: signal ?? null,
  });
  const answer = (await response.json()) as Answer & { error?: string };
  if (!response.ok) throw new Error(answer.error ?? response.statusText);
  return answer;
}

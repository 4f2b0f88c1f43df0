/** An answer of REST that is an error; or none of the gateway's at all (`UNAVAILABLE`, status 0). */
export class RestError extends Error {
  readonly code: string;
  readonly status: number;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(options: { code: string; message: string; status: number; details?: Readonly<Record<string, unknown>> }) {
    super(options.message);
    this.name = "RestError";
    this.code = options.code;
    this.status = options.status;
    this.details = options.details ?? {};
  }

  /** Any error as one of these; errors of the live connection have codes of the same table. */
  static from(error: unknown): RestError {
    if (error instanceof RestError) return error;
    const message = error instanceof Error ? error.message : String(error);
    const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "INTERNAL";
    return new RestError({ code, message, status: 0 });
  }
}

export interface RestRequest {
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
}

/** One page of a list. */
export interface ListPage<Entry> {
  readonly entries: readonly Entry[];
  /** Of the whole list, where the server knows. */
  readonly total: number | undefined;
  /** What to ask for the next page with; absent on the last. */
  readonly cursor: string | undefined;
}

export interface RestOptions {
  /** What addresses begin with. */
  readonly api: string;
  /** Of the session; empty before there is one. */
  readonly csrf?: string;
  /** The tenant that calls are about, where it is not the session's own. */
  readonly tenantId?: string | undefined;
  /** Told when the session has ended. */
  readonly expired?: () => void;
  /** Told when something was forbidden: the cookie may be another session's by now, begun in another tab. */
  readonly forbidden?: () => void;
  readonly fetch?: typeof fetch;
}

/** REST as the page calls it: with its session's cookie, JSON, and the header against forged requests. */
export class RestClient {
  readonly #options: RestOptions;

  constructor(options: RestOptions) {
    this.#options = options;
  }

  /** Rejects with `RestError`, or with the signal's reason. */
  async get<Answer>(path: string, request: RestRequest = {}): Promise<Answer> {
    return (await this.#send("GET", path, request)).body as Answer;
  }

  async post<Answer>(path: string, body: unknown, request: RestRequest = {}): Promise<Answer> {
    return (await this.#send("POST", path, { ...request, body })).body as Answer;
  }

  async delete(path: string, request: RestRequest = {}): Promise<void> {
    await this.#send("DELETE", path, request);
  }

  async list<Entry>(path: string, request: RestRequest = {}): Promise<ListPage<Entry>> {
    const { body, headers } = await this.#send("GET", path, request);
    const total = headers.get("X-Total-Count");
    return {
      entries: body as readonly Entry[],
      total: total === null ? undefined : Number(total),
      cursor: nextCursor(headers.get("Link")),
    };
  }

  async #send(
    method: string,
    path: string,
    { query = {}, body, signal }: RestRequest,
  ): Promise<{ body: unknown; headers: Headers }> {
    const { api, csrf, tenantId, expired, forbidden } = this.#options;
    const headers = new Headers({ Accept: "application/json" });
    if (csrf !== undefined) headers.set("X-CSRF-Token", csrf);
    if (tenantId !== undefined) headers.set("X-Tenant-Id", tenantId);
    if (body !== undefined) headers.set("Content-Type", "application/json");
    const call = this.#options.fetch ?? fetch;
    let response: Response;
    try {
      response = await call(address(api + path, query), {
        method,
        headers,
        credentials: "same-origin",
        redirect: "error",
        ...(body === undefined ? undefined : { body: JSON.stringify(body) }),
        ...(signal === undefined ? undefined : { signal }),
      });
    } catch (error) {
      if (signal?.aborted === true) throw error;
      throw new RestError({ code: "UNAVAILABLE", message: "The gateway did not answer", status: 0 });
    }
    const text = await response.text();
    const answer = parse(text);
    if (response.ok) return { body: answer, headers: response.headers };
    if (response.status === 401 && csrf !== undefined) expired?.();
    if (response.status === 403) forbidden?.();
    throw errorOf(response, answer);
  }
}

function address(path: string, query: Readonly<Record<string, string | number | undefined>>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== "") search.set(name, String(value));
  return search.size === 0 ? path : `${path}?${search.toString()}`;
}

function parse(text: string): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function errorOf(response: Response, answer: unknown): RestError {
  const { error, message, details } = (typeof answer === "object" && answer !== null ? answer : {}) as {
    error?: unknown;
    message?: unknown;
    details?: unknown;
  };
  // Proxies have errors of their own, which are not JSON, and say nothing of what the gateway would have said.
  const own = typeof error === "string";
  const away = !own && response.status >= 500;
  const code = own ? error : away ? "UNAVAILABLE" : "INTERNAL";
  return new RestError({
    code,
    message: typeof message === "string" ? message : `The gateway answered with status ${response.status}`,
    status: away ? 0 : response.status,
    ...(typeof details === "object" && details !== null ? { details: details as Record<string, unknown> } : undefined),
  });
}

function nextCursor(link: string | null): string | undefined {
  const [, target] = /<([^>]+)>; *rel="next"/.exec(link ?? "") ?? [];
  if (target === undefined) return undefined;
  return new URLSearchParams(target.split("?", 2)[1]).get("cursor") ?? undefined;
}

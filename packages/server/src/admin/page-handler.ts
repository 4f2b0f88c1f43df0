import Negotiator from "negotiator";
import { randomBytes } from "node:crypto";
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { pathOf } from "../http-mount.ts";
import { isWithin } from "../rest/paths.ts";
import { VERSION } from "../version.ts";
import { BUILT_PAGE, PageFiles, type Encoding } from "./page-files.ts";

/** Where the admin page is. */
export interface AdminPage {
  /** Such as `/admin`. */
  readonly path: string;
  /** Where its built files are, with a slash at its end; those that come with this package unless given. */
  readonly folder?: URL | undefined;
}

export interface PageHandlerOptions extends AdminPage {
  /** What the paths of REST begin with. */
  readonly api: string;
  /** Hears what a caller is not told the cause of. */
  readonly failed: (error: unknown) => void;
}

const MISSING = "The admin page is not part of this installation: its files were not built.\n";
const TYPES: Readonly<Record<string, string>> = {
  css: "text/css; charset=utf-8",
  ico: "image/x-icon",
  js: "text/javascript; charset=utf-8",
  json: "application/json",
  map: "application/json",
  png: "image/png",
  svg: "image/svg+xml",
  webp: "image/webp",
  woff2: "font/woff2",
};
const UNKNOWN_TYPE = "application/octet-stream";

/** The names of assets hold what is in them, so that a name's bytes never change. */
const FOR_EVER = "public, max-age=31536000, immutable";

const SAFE_HEADERS = {
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
} as const;

/** Serves the admin page: its assets, and the page itself on every other path below its own. */
export class PageHandler {
  readonly #options: PageHandlerOptions;
  readonly #files: PageFiles;

  constructor(options: PageHandlerOptions) {
    this.#options = options;
    this.#files = new PageFiles(options.folder ?? BUILT_PAGE);
  }

  /** Whether a path (percent-encoded, without the query) is the page's. */
  owns(path: string): boolean {
    return isWithin(this.#options.path, path);
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    this.#answer(request, response).catch((thrown: unknown) => {
      this.#options.failed(thrown);
      if (response.headersSent) response.destroy();
      else say(response, 500, "Something went wrong on the server.\n");
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.setHeader("Allow", "GET, HEAD");
      return say(response, 405, "Only GET and HEAD can be used here.\n");
    }
    const assets = `${this.#options.path}/assets/`;
    const path = pathOf(request);
    if (path.startsWith(assets)) return await this.#asset(request, response, path.slice(assets.length));
    const index = await this.#files.index();
    if (index === undefined) return say(response, 503, MISSING);
    const nonce = randomBytes(16).toString("base64");
    send(response, 200, Buffer.from(this.#fill(index, nonce), "utf8"), {
      "Content-Type": "text/html; charset=utf-8",
      "Cache-Control": "no-store",
      "Content-Security-Policy": policy(nonce),
    });
  }

  async #asset(request: IncomingMessage, response: ServerResponse, name: string): Promise<void> {
    const there = await this.#files.encodingsOf(name);
    if (there.length === 0) return say(response, 404, "There is no such file.\n");
    const encoding = chosen(request, there);
    const { bytes, etag } = await this.#files.form(name, encoding);
    const headers = {
      "Cache-Control": FOR_EVER,
      ETag: etag,
      Vary: "Accept-Encoding",
      "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    };
    if (matches(request.headers["if-none-match"], etag)) return send(response, 304, undefined, headers);
    const type = TYPES[name.slice(name.lastIndexOf(".") + 1)] ?? UNKNOWN_TYPE;
    const encoded = encoding === "identity" ? undefined : { "Content-Encoding": encoding };
    send(response, 200, bytes, { ...headers, "Content-Type": type, ...encoded });
  }

  #fill(index: string, nonce: string): string {
    const { path, api } = this.#options;
    const values: Readonly<Record<string, string>> = {
      base: `${path}/`,
      nonce,
      settings: JSON.stringify({ api, path, version: VERSION }),
    };
    return index.replaceAll(/\{\{(base|nonce|settings)\}\}/g, (_, name: string) => escapeHtml(values[name] ?? ""));
  }
}

/** Nothing but what comes with the page, and no request to any other host. Its socket is of the own origin, too. */
function policy(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'self'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "object-src 'none'",
  ].join("; ");
}

/** The smallest form of those that the client takes. */
function chosen(request: IncomingMessage, there: readonly (Encoding | "identity")[]): Encoding | "identity" {
  const taken = new Set(new Negotiator(request).encodings([...there]));
  return there.find((encoding) => taken.has(encoding)) ?? "identity";
}

/** Whether a client has this already, as RFC 9110 compares for `If-None-Match`. */
function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  if (header.trim() === "*") return true;
  return header.split(",").some((piece) => piece.trim().replace(/^W\//, "") === etag);
}

function escapeHtml(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? "");
}

/** One plain sentence. */
function say(response: ServerResponse, status: number, sentence: string): void {
  send(response, status, Buffer.from(sentence, "utf8"), {
    "Content-Type": "text/plain; charset=utf-8",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  });
}

/** Node leaves out the body where the request was HEAD. */
function send(response: ServerResponse, status: number, body: Buffer | undefined, headers: OutgoingHttpHeaders): void {
  const length = body === undefined ? undefined : { "Content-Length": body.length };
  response.writeHead(status, { ...SAFE_HEADERS, ...headers, ...length }).end(body);
}

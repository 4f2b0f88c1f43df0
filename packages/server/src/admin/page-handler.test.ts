import { mkdtemp, mkdir, rm, utimes, writeFile } from "node:fs/promises";
import { request, type IncomingHttpHeaders } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestNode } from "../../test/harness.ts";
import { VERSION } from "../version.ts";

const INDEX = `<!doctype html><html><head><base href="{{base}}"><meta name="roomcast" content="{{settings}}">
<style nonce="{{nonce}}"></style></head><body>{{other}} {{base}}</body></html>`;
const SCRIPT = `${"export const page = 'admin';\n".repeat(100)}`;
const STYLE = "body{margin:0}";

let folder: string;
let node: TestNode;

async function build(into: string): Promise<void> {
  await mkdir(join(into, "assets"), { recursive: true });
  await writeFile(join(into, "index.html"), INDEX);
  await writeFile(join(into, "secret.txt"), "not for anybody");
  await writeFile(join(into, "assets", "index-a1b2.js"), SCRIPT);
  await writeFile(join(into, "assets", "index-a1b2.js.br"), brotliCompressSync(SCRIPT));
  await writeFile(join(into, "assets", "index-a1b2.js.gz"), gzipSync(SCRIPT));
  await writeFile(join(into, "assets", "style-c3d4.css"), STYLE);
}

const folderUrl = (path: string): URL => pathToFileURL(`${path}/`);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "roomcast-page-"));
  await build(folder);
  node = await TestNode.start({ admin: { path: "/admin", folder: folderUrl(folder) }, attach: { cors: "*" } });
});
afterAll(async () => {
  await node.close();
  await rm(folder, { recursive: true });
});

interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
}

/** Sends the path as it is, and asks for no encoding by itself; `fetch` would tidy up the one and add the other. */
function get(
  path: string,
  {
    headers = {},
    method = "GET",
    on = node,
  }: { headers?: Record<string, string>; method?: string; on?: TestNode } = {},
): Promise<Got> {
  return new Promise((resolve, reject) => {
    request({ host: "127.0.0.1", port: new URL(on.url).port, path, method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response
        .on("data", (chunk: Buffer) => chunks.push(chunk))
        .on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes: Buffer.concat(chunks) }),
        );
    })
      .on("error", reject)
      .end();
  });
}

const nonceOf = (got: Got): string => /<style nonce="([^"]+)">/.exec(got.bytes.toString())?.[1] ?? "";

describe("the page", () => {
  it("is on its path and on all below, filled in for it", async () => {
    for (const path of [
      "/admin",
      "/admin/",
      "/admin/socket",
      "/admin/socket/%2Fa%2Fb%3F",
      "/admin/a/b/c?x=1",
      "/admin?x",
    ]) {
      const got = await get(path);
      expect(got.status, path).toBe(200);
      expect(got.headers).toMatchObject({ "content-type": "text/html; charset=utf-8", "cache-control": "no-store" });
      const text = got.bytes.toString();
      expect(text).toContain('<base href="/admin/">');
      // What is no placeholder stays.
      expect(text).toContain("{{other}} /admin/</body>");
      const content = /<meta name="roomcast" content="([^"]*)">/.exec(text)?.[1] ?? "";
      expect(JSON.parse(content.replaceAll("&quot;", '"'))).toEqual({ api: "", path: "/admin", version: VERSION });
    }
  });

  it("may load what comes with it, and nothing else", async () => {
    const got = await get("/admin/");
    const nonce = nonceOf(got);
    expect(nonce).toMatch(/^[\w+/]{22}==$/);
    expect(String(got.headers["content-security-policy"]).split("; ").toSorted()).toEqual(
      [
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
      ].toSorted(),
    );
    expect(got.headers).toMatchObject({
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
      "permissions-policy": expect.stringContaining("geolocation=()"),
    });
    expect(nonceOf(await get("/admin/"))).not.toBe(nonce);
    // Whatever CORS opens, it is not the page.
    const foreign = await get("/admin/", { headers: { Origin: "https://evil.example" } });
    expect(foreign.headers).not.toHaveProperty("access-control-allow-origin");
  });

  it("answers HEAD without a body, and no other method", async () => {
    const head = await get("/admin/", { method: "HEAD" });
    expect([head.status, head.bytes.length]).toEqual([200, 0]);
    expect(Number(head.headers["content-length"])).toBeGreaterThan(0);
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
      const got = await get("/admin/", { method });
      expect([got.status, got.headers["allow"]], method).toEqual([405, "GET, HEAD"]);
    }
  });

  it("takes no path but its own", async () => {
    for (const path of ["/adminx", "/Admin", "/ADMIN/", "/%61dmin", "/", "/x/admin", "//admin"]) {
      const got = await get(path);
      expect(got.status, path).toBe(404);
      expect(got.headers["content-type"], path).toMatch(/^application\/json/);
    }
    expect((await node.call("/health")).status).toBe(200);
  });
});

describe("an asset", () => {
  const path = "/admin/assets/index-a1b2.js";

  it("is kept by browsers for ever", async () => {
    const got = await get(path);
    expect(got.status).toBe(200);
    expect(got.headers).toMatchObject({
      "content-type": "text/javascript; charset=utf-8",
      "cache-control": "public, max-age=31536000, immutable",
      "content-length": String(Buffer.byteLength(SCRIPT)),
      vary: "Accept-Encoding",
      "x-content-type-options": "nosniff",
    });
    expect(got.headers).not.toHaveProperty("content-encoding");
    expect(got.bytes.toString()).toBe(SCRIPT);
    const style = await get("/admin/assets/style-c3d4.css?v=1");
    expect([style.bytes.toString(), style.headers["content-type"]]).toEqual([STYLE, "text/css; charset=utf-8"]);
  });

  it("is sent in the smallest form that is there and is taken", async () => {
    const cases: [accept: string, encoding: string | undefined][] = [
      ["gzip, deflate, br, zstd", "br"],
      ["gzip", "gzip"],
      ["br;q=0, gzip;q=0.1", "gzip"],
      ["br;q=0, gzip;q=0", undefined],
      ["*", "br"],
      ["*;q=0.5, br;q=0", "gzip"],
      ["identity", undefined],
      ["deflate", undefined],
      ["", undefined],
      ["BR", "br"],
      [";;,,q=nonsense", undefined],
      ["*;q=0", undefined],
    ];
    for (const [accept, encoding] of cases) {
      const got = await get(path, { headers: { "Accept-Encoding": accept } });
      expect([got.status, got.headers["content-encoding"]], accept).toEqual([200, encoding]);
      const plain =
        encoding === "br" ? brotliDecompressSync(got.bytes) : encoding === "gzip" ? gunzipSync(got.bytes) : got.bytes;
      expect(plain.toString()).toBe(SCRIPT);
    }
    // Where nothing was compressed.
    const style = await get("/admin/assets/style-c3d4.css", { headers: { "Accept-Encoding": "br, gzip" } });
    expect([style.bytes.toString(), style.headers["content-encoding"]]).toEqual([STYLE, undefined]);
  });

  it("is not sent again to who has it, in the same form", async () => {
    const plain = await get(path);
    const br = await get(path, { headers: { "Accept-Encoding": "br" } });
    const [etag, other] = [String(plain.headers.etag), String(br.headers.etag)];
    expect(etag).toMatch(/^"[\w-]{22}"$/);
    expect(other).not.toBe(etag);
    for (const header of [etag, `W/${etag}`, `"x", ${etag}`, "*"]) {
      const got = await get(path, { headers: { "If-None-Match": header } });
      expect([got.status, got.bytes.length, got.headers.etag], header).toEqual([304, 0, etag]);
    }
    for (const header of [other, '"x"', etag.slice(1, -1), ""])
      expect((await get(path, { headers: { "If-None-Match": header } })).status, header).toBe(200);
    const head = await get(path, { method: "HEAD" });
    expect([head.status, head.bytes.length, head.headers.etag]).toEqual([200, 0, etag]);
  });

  it("is found by its own name only", async () => {
    const names = [
      "",
      "missing-a1b2.js",
      "INDEX-A1B2.JS",
      "index-a1b2.js/",
      "./index-a1b2.js",
      "x/../index-a1b2.js",
      "../index.html",
      "../secret.txt",
      "..%2fsecret.txt",
      "%2e%2e/secret.txt",
      "%2e%2e%2fsecret.txt",
      "..\\secret.txt",
      "..%5csecret.txt",
      "index-a1b2.js%00",
      "index-a1b2.js%00.css",
      "index%2da1b2.js",
      "index-a1b2.js.br",
      "index-a1b2.js.gz",
      "/etc/passwd",
      "%2fetc%2fpasswd",
      "file:///etc/passwd",
      "__proto__",
      "constructor",
    ];
    for (const name of names) {
      const got = await get(`/admin/assets/${name}`);
      expect([got.status, got.headers["cache-control"]], name).toEqual([404, "no-store"]);
      expect(got.bytes.toString()).not.toContain("anybody");
    }
    // Elsewhere below the page, whatever a path looks like, there is nothing but the page.
    for (const name of ["secret.txt", "../secret.txt", "assets", "index.html"]) {
      const got = await get(`/admin/${name}`);
      expect([got.status, got.headers["content-type"]], name).toEqual([200, "text/html; charset=utf-8"]);
    }
  });
});

describe("a page that is not there", () => {
  it("is told by one sentence, until it is; another build is found, too", async () => {
    const late = await mkdtemp(join(tmpdir(), "roomcast-late-"));
    const one = await TestNode.start({ admin: { path: "/x/y", folder: folderUrl(join(late, "admin")) } });
    try {
      const missing = await get("/x/y/", { on: one });
      expect(missing.status).toBe(503);
      expect(missing.headers).toMatchObject({
        "content-type": "text/plain; charset=utf-8",
        "cache-control": "no-store",
      });
      expect(missing.bytes.toString()).toBe(
        "The admin page is not part of this installation: its files were not built.\n",
      );
      expect((await get("/x/y/assets/index-a1b2.js", { on: one })).status).toBe(404);
      await build(join(late, "admin"));
      expect((await get("/x/y/", { on: one })).bytes.toString()).toContain('<base href="/x/y/">');
      expect((await get("/x/y/assets/index-a1b2.js", { on: one })).status).toBe(200);
      await writeFile(join(late, "admin", "assets", "index-e5f6.js"), "next");
      await utimes(join(late, "admin", "index.html"), 1, 1);
      expect((await get("/x/y/assets/index-e5f6.js", { on: one })).bytes.toString()).toBe("next");
    } finally {
      await one.close();
      await rm(late, { recursive: true });
    }
  });

  it("is no page of REST's where it is off", async () => {
    const one = await TestNode.start();
    expect((await get("/admin/", { on: one })).status).toBe(404);
    await one.close();
  });
});

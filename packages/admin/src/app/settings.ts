/** What the server tells the page in its HTML. */
export interface PageSettings {
  /** What the addresses of REST begin with: empty, or such as `/roomcast`. */
  readonly api: string;
  /** Where the page is, without a slash at the end, such as `/admin`. */
  readonly path: string;
  /** Of the server that sent the page. */
  readonly version: string;
}

/** Reads the page's settings. Throws where the page was not served by Roomcast. */
export function readSettings(document: Document): PageSettings {
  const content = document.querySelector<HTMLMetaElement>('meta[name="roomcast"]')?.content ?? "";
  const { api, path, version } = JSON.parse(content) as Partial<PageSettings>;
  if (api === undefined || path === undefined || version === undefined) throw new Error("The page has no settings");
  return { api, path, version };
}

/** What styles that the page adds must carry, by its Content-Security-Policy. */
export function readNonce(document: Document): string {
  return document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? "";
}

import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";

/** Where the build of the page puts its files: beside the sources of this package, and what is compiled of them. */
export const BUILT_PAGE: URL = new URL("../../admin/", import.meta.url);

const INDEX = "index.html";
const ASSETS = "assets/";

/** The encodings that a file may lie beside itself in, the smallest first. */
export const ENCODINGS = { br: ".br", gzip: ".gz" } as const;
export type Encoding = keyof typeof ENCODINGS;

/** One form of an asset: as it is, or compressed. */
export interface AssetForm {
  readonly bytes: Buffer;
  readonly etag: string;
}

/** The files of the page, as they were built into a folder. */
export class PageFiles {
  readonly #folder: URL;
  /** The names that the folder of assets had when its page was of this time. */
  #names: { readonly builtAt: number; readonly all: ReadonlySet<string> } | undefined;
  /** What was read of them. */
  #forms = new Map<string, Promise<AssetForm>>();

  /** `folder` ends in a slash. */
  constructor(folder: URL) {
    this.#folder = folder;
  }

  /** The page, with its placeholders; undefined where it was not built. */
  async index(): Promise<string | undefined> {
    return await unlessMissing(readFile(new URL(INDEX, this.#folder), "utf8"));
  }

  /** The encodings in which there is an asset of this name, itself being `identity`; none where there is no asset. */
  async encodingsOf(name: string): Promise<readonly (Encoding | "identity")[]> {
    const names = await this.#list();
    // By its whole name: what leads elsewhere is the name of none.
    if (!names.has(name) || isCompressed(name)) return [];
    const compressed = (Object.keys(ENCODINGS) as Encoding[]).filter((encoding) =>
      names.has(name + ENCODINGS[encoding]),
    );
    return [...compressed, "identity"];
  }

  /** One of the forms that `encodingsOf` told. */
  async form(name: string, encoding: Encoding | "identity"): Promise<AssetForm> {
    const file = encoding === "identity" ? name : name + ENCODINGS[encoding];
    const known = this.#forms.get(file);
    if (known !== undefined) return await known;
    const reading = read(new URL(ASSETS + file, this.#folder));
    this.#forms.set(file, reading);
    reading.catch(() => this.#forms.delete(file));
    return await reading;
  }

  /** Another build has other assets; its page is newer. */
  async #list(): Promise<ReadonlySet<string>> {
    const index = await unlessMissing(stat(new URL(INDEX, this.#folder)));
    if (index === undefined) return new Set();
    const builtAt = index.mtimeMs;
    if (this.#names?.builtAt !== builtAt) {
      const found = await unlessMissing(readdir(new URL(ASSETS, this.#folder)));
      this.#names = { builtAt, all: new Set(found) };
      this.#forms = new Map();
    }
    return this.#names.all;
  }
}

async function read(file: URL): Promise<AssetForm> {
  const bytes = await readFile(file);
  return { bytes, etag: `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"` };
}

function isCompressed(name: string): boolean {
  return Object.values(ENCODINGS).some((ending) => name.endsWith(ending));
}

async function unlessMissing<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (thrown) {
    if (thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT") return undefined;
    throw thrown;
  }
}

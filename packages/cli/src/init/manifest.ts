import { CommandError } from "../command.ts";

const SECTIONS = ["dependencies", "devDependencies", "peerDependencies", "optionalDependencies"] as const;

/** The packages that are to be there, and the ranges of versions to add them with. */
export interface Wanted {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

/** A `package.json`, and how it is written. */
export class Manifest {
  readonly text: string;
  readonly #content: Readonly<Record<string, unknown>>;

  /** @param name as it is called in messages. Throws `CommandError` for text that is no `package.json`. */
  constructor(text: string, name: string) {
    this.text = text;
    const content = parse(text, name);
    if (!isRecord(content)) throw new CommandError(`${name} is broken: it holds no object; nothing was changed`);
    for (const key of [...SECTIONS, "scripts"]) {
      if (content[key] !== undefined && !isRecord(content[key])) {
        throw new CommandError(`${name} is broken: its ${key} are no object; nothing was changed`);
      }
    }
    this.#content = content;
  }

  get type(): unknown {
    return this.#content["type"];
  }

  /** Such as `pnpm@10.1.0`. */
  get packageManager(): string | undefined {
    const name = this.#content["packageManager"];
    return typeof name === "string" ? name : undefined;
  }

  hasScript(name: string): boolean {
    const scripts = this.#content["scripts"];
    return isRecord(scripts) && Object.hasOwn(scripts, name);
  }

  has(dependency: string): boolean {
    return SECTIONS.some((section) => {
      const packages = this.#content[section];
      return isRecord(packages) && Object.hasOwn(packages, dependency);
    });
  }

  /** Its text with the packages that are missing here; the same text where none is. */
  with(wanted: Wanted): { readonly text: string; readonly added: readonly string[] } {
    const added: string[] = [];
    const content: Record<string, unknown> = { ...this.#content };
    for (const section of ["dependencies", "devDependencies"] as const) {
      const missing = Object.entries(wanted[section]).filter(([name]) => !this.has(name));
      if (missing.length === 0) continue;
      added.push(...missing.map(([name]) => name));
      const before = isRecord(content[section]) ? content[section] : {};
      content[section] = Object.fromEntries(
        [...Object.entries(before), ...missing].toSorted(([a], [b]) => (a < b ? -1 : 1)),
      );
    }
    return added.length === 0 ? { text: this.text, added } : { text: this.#write(content), added };
  }

  /** With the indentation and the ends of lines that it has. */
  #write(content: object): string {
    const indent = /^[ \t]+(?=")/m.exec(this.text)?.[0] ?? "  ";
    const json = `${JSON.stringify(content, undefined, indent)}${this.text.endsWith("\n") ? "\n" : ""}`;
    return this.text.includes("\r\n") ? json.replaceAll("\n", "\r\n") : json;
  }
}

function parse(text: string, name: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (cause) {
    const [reason = ""] = (cause instanceof Error ? cause.message : String(cause)).split("\n");
    throw new CommandError(`${name} is broken: ${reason}; nothing was changed`, { cause });
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

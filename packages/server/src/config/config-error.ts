import type { z } from "zod";

/** A configuration that nothing can be started with. The message is one line for whoever wrote it, without secrets. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  /** The flag, variable or key that is wrong. */
  readonly key: string;

  constructor(options: { key: string; message: string; cause?: unknown }) {
    super(options.message.replaceAll(/\s+/g, " "), options.cause === undefined ? undefined : { cause: options.cause });
    this.key = options.key;
  }
}

/** Values of these, and of whatever they are part of, are never shown. */
const HIDDEN = /(^|\.)(secret|sha256|token|url|auth|jwt|cookie|apiKeys(\[\d+\])?|jwks(\[\d+\])?|redis|metrics)$/;
const LONGEST_SHOWN = 60;

/** A wrong setting, as one line: its name, what it was, and what it may be. */
export function badSetting(options: {
  key: string;
  value: unknown;
  expected: string;
  hidden?: boolean;
  file?: string;
}): ConfigError {
  const { key, value, expected, hidden = false, file } = options;
  const where = file === undefined ? key : `${file}: ${key}`;
  const was = value === undefined ? "is missing" : `is ${hidden ? "(hidden)" : show(value)}`;
  return new ConfigError({ key, message: `${where} ${was}; it may be ${expected}` });
}

/** The first thing that is wrong in a configuration: that of a file, or an application's options. */
export function badConfig(options: { error: z.ZodError; config: unknown; file?: string }): ConfigError {
  const { error, config, file } = options;
  const issue = error.issues[0];
  const path = issue?.path ?? [];
  const expected = issue?.message ?? "something else";
  if (issue?.code === "unrecognized_keys") {
    const key = pathText([...path, issue.keys[0] ?? ""]);
    const where = file === undefined ? key : `${file}: ${key}`;
    return new ConfigError({ key, message: `${where} is not known; it may be ${expected}` });
  }
  const whole = file === undefined ? "the options" : "the default export";
  const key = path.length === 0 ? whole : pathText(path);
  const hidden = HIDDEN.test(key);
  return badSetting({ key, value: valueAt(config, path), expected, hidden, ...(file === undefined ? {} : { file }) });
}

function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, piece) => {
    if (typeof piece === "number") return `${text}[${piece}]`;
    return text === "" ? String(piece) : `${text}.${String(piece)}`;
  }, "");
}

function valueAt(config: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, piece) =>
      typeof value === "object" && value !== null ? (value as Record<PropertyKey, unknown>)[piece] : undefined,
    config,
  );
}

/** Short, on one line, and nothing of what is inside of objects. */
function show(value: unknown): string {
  if (typeof value === "string")
    return JSON.stringify(value.length > LONGEST_SHOWN ? `${value.slice(0, LONGEST_SHOWN)}…` : value);
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (value instanceof Promise) return "a promise";
  if (typeof value === "object" && value !== null) return "an object";
  return typeof value === "function" ? "a function" : String(value);
}

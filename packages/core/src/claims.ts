import { asObject, utf8Length } from "@roomcast/protocol";

/** The most that is kept of a session's claims, as JSON in UTF-8: there may be a hundred thousand sessions. */
const MOST_BYTES = 2048;
/** Names of what is nobody's to see. */
const SECRET = /token|secret|passw|credential|cookie|api_?key|private/i;

/**
 * Claims as a session keeps them: JSON, of as many as fit, without those whose names tell of a secret. Undefined for none,
 * and for what is no JSON.
 */
export function claimsText(claims: unknown): string | undefined {
  const fields = asObject(claims);
  if (fields === undefined) return undefined;
  const kept: string[] = [];
  let bytes = 1;
  try {
    for (const [name, value] of Object.entries(fields)) {
      if (SECRET.test(name)) continue;
      const text = JSON.stringify(value, withoutSecrets);
      if (text === undefined) continue;
      const entry = `${JSON.stringify(name)}:${text}`;
      bytes += utf8Length(entry) + 1;
      if (bytes > MOST_BYTES) break;
      kept.push(entry);
    }
  } catch {
    return undefined;
  }
  return kept.length === 0 ? undefined : `{${kept.join(",")}}`;
}

function withoutSecrets(name: string, value: unknown): unknown {
  return SECRET.test(name) ? undefined : value;
}

/** Parts in base64url, of which the first begins an object: a JSON Web Token, or the beginning of one. */
const TOKEN = /eyJ[\w-]{8,}(?:\.[\w-]*)*/g;

/** What is written where a secret was. */
export const HIDDEN_SECRET = "•••";

/** A text without the tokens in it, and without what else is known to be secret. */
export function hideSecrets(text: string, known: ReadonlySet<string>): string {
  let hidden = text;
  for (const secret of known) hidden = hidden.replaceAll(secret, HIDDEN_SECRET);
  return hidden.replace(TOKEN, HIDDEN_SECRET);
}

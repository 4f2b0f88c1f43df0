/** White space, control and format characters, lone surrogates, and the characters of patterns. */
const FORBIDDEN = /[\s\p{Cc}\p{Cf}\p{Cs}*{}]/u;

function isName(text: string, maxBytes: number): boolean {
  return (
    text !== "" && text.length <= maxBytes && !FORBIDDEN.test(text) && new TextEncoder().encode(text).length <= maxBytes
  );
}

/** Whether a channel may be called so, the gateway's own (`@…`, `$…`) left out. */
export function isChannelName(text: string): boolean {
  return isName(text, 255) && !/^[@$]/.test(text);
}

export function isUserId(text: string): boolean {
  return isName(text, 128);
}

import { placeOf, scanJson } from "../../json/scan-json.ts";

/** What can be said of a text that should be JSON. */
export type JsonCheck =
  | { readonly state: "empty" }
  | { readonly state: "bad"; readonly line: number; readonly column: number }
  | { readonly state: "too-deep" }
  | {
      readonly state: "good";
      readonly value: unknown;
      /** As it would be sent, in UTF-8. */
      readonly bytes: number;
      readonly depth: number;
      /** Characters that one does not see, or that turn the direction of others. */
      readonly hidden: number;
    };

/** Deeper values may overflow the stack of who walks through them, as Socket.IO's encoder does. */
const DEEPEST = 500;
const HIDDEN = /[\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/gu;

/** Reads a text as JSON; says where it is not. */
export function checkJsonText(text: string): JsonCheck {
  if (text.trim() === "") return { state: "empty" };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { state: "bad", ...placeOf(text, scanJson(text)?.offset ?? text.length) };
  }
  const depth = depthOf(text);
  if (depth > DEEPEST) return { state: "too-deep" };
  const sent = JSON.stringify(value);
  return { state: "good", value, depth, bytes: byteLength(sent), hidden: [...sent.matchAll(HIDDEN)].length };
}

/** Bytes of a text in UTF-8. */
export function byteLength(text: string): number {
  return new TextEncoder().encode(text).byteLength;
}

/** How deeply arrays and objects of a valid JSON text are nested. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const [piece] of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/g)) {
    if (piece === "[" || piece === "{") deepest = Math.max(deepest, ++depth);
    else if (piece === "]" || piece === "}") depth--;
  }
  return deepest;
}

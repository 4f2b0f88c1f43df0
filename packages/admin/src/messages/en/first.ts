import { common } from "./common.ts";
import { overview } from "./overview.ts";
import { pages } from "./pages.ts";
import { signIn } from "./sign-in.ts";

/** What the page says to everybody, in English: the catalogue that the others translate. */
export const first = { common, overview, pages, signIn } as const;

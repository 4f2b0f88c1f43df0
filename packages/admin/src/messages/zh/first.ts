import { common } from "./common.ts";
import { overview } from "./overview.ts";
import { pages } from "./pages.ts";
import { signIn } from "./sign-in.ts";
import type { First } from "../messages.ts";

export const first: First = { common, overview, pages, signIn };

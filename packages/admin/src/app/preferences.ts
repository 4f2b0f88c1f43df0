/** How somebody likes the page. Kept in a cookie, which tells nothing that needs protection. */
export interface Preferences {
  readonly colours: "auto" | "light" | "dark";
  /** Absent: as the browser has it. */
  readonly language?: Language;
}

export type Language = "en" | "zh" | "pt";

export const LANGUAGES: Readonly<Record<Language, string>> = { en: "English", zh: "中文", pt: "Português" };

const NAME = "roomcast-look";
const YEAR_SECONDS = 31_536_000;

export function readPreferences(cookies: string): Preferences {
  const [, colours, language] =
    new RegExp(`(?:^|; )${NAME}=(auto|light|dark)(?:\\.(en|zh|pt))?(?:;|$)`).exec(cookies) ?? [];
  return {
    colours: (colours as Preferences["colours"] | undefined) ?? "auto",
    ...(language === undefined ? undefined : { language: language as Language }),
  };
}

/** The cookie that keeps them, for `document.cookie`. */
export function preferencesCookie({ colours, language }: Preferences, path: string): string {
  const value = language === undefined ? colours : `${colours}.${language}`;
  return `${NAME}=${value}; Path=${path}; Max-Age=${YEAR_SECONDS}; SameSite=Strict`;
}

/** The first language of the browser that the page speaks; English where there is none. */
export function chooseLanguage(preferred: readonly string[]): Language {
  for (const tag of preferred) {
    const [base = ""] = tag.toLowerCase().split("-");
    if (base in LANGUAGES) return base as Language;
  }
  return "en";
}

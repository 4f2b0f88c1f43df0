import i18next, { type i18n } from "i18next";
import { initReactI18next } from "react-i18next";
import type { Language } from "../app/preferences.ts";
import { first } from "./en/first.ts";
import type { later } from "./en/later.ts";

/** What every language says: the keys of English. Some of it is fetched only with the pages that need it. */
export type First = Texts<typeof first>;
export type Later = Texts<typeof later>;

type Texts<Tree> = { readonly [Key in keyof Tree]: Tree[Key] extends string ? string : Texts<Tree[Key]> };

interface Loaders {
  readonly first: () => Promise<First>;
  readonly later: () => Promise<Later>;
}

const LOADERS: Readonly<Record<Language, Loaders>> = {
  en: { first: async () => first, later: async () => (await import("./en/later.ts")).later },
  zh: {
    first: async () => (await import("./zh/first.ts")).first,
    later: async () => (await import("./zh/later.ts")).later,
  },
  pt: {
    first: async () => (await import("./pt/first.ts")).first,
    later: async () => (await import("./pt/later.ts")).later,
  },
};

/** The catalogue, with what is needed before a page is chosen, in one language; in English where that could not be fetched. */
export async function loadMessages(language: Language): Promise<i18n> {
  const fetched: { language: Language; texts: First } = await LOADERS[language].first().then(
    (texts) => ({ language, texts }),
    () => ({ language: "en", texts: first }),
  );
  const messages = i18next.createInstance();
  await messages.use(initReactI18next).init({
    lng: fetched.language,
    supportedLngs: Object.keys(LOADERS),
    ns: Object.keys(first),
    defaultNS: "common",
    resources: { [fetched.language]: fetched.texts },
    // What React writes is safe by itself.
    interpolation: { escapeValue: false },
    fallbackLng: false,
    react: { useSuspense: false },
  });
  return messages;
}

/**
 * Loads what the other pages say, all at once: they speak of each other. Rejects where it cannot be fetched, and may be
 * tried again.
 */
export async function loadLaterMessages(messages: i18n): Promise<void> {
  // Another language may be chosen meanwhile.
  for (let loaded: string | undefined; loaded !== messages.language;) {
    loaded = messages.language;
    add(messages, loaded, await LOADERS[loaded as Language].later());
  }
}

/** Loads all of another language, to change to it at once; rejects as the other does. */
export async function loadLanguage(messages: i18n, language: Language): Promise<void> {
  const loaders = LOADERS[language];
  for (const texts of await Promise.all([loaders.first(), loaders.later()])) add(messages, language, texts);
}

function add(messages: i18n, language: string, texts: First | Later): void {
  for (const [section, said] of Object.entries(texts)) messages.addResourceBundle(language, section, said);
}

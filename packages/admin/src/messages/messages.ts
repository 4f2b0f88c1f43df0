import i18next, { type i18n } from "i18next";
import { initReactI18next } from "react-i18next";
import type { Language } from "../app/preferences.ts";
import { en } from "./en/index.ts";

/** The sections of the catalogue, one for each page, and `common`. */
export type SectionName = keyof typeof en;

/** What every language says: the keys of English. */
export type Messages = { readonly [Section in SectionName]: Texts<(typeof en)[Section]> };

type Texts<Tree> = { readonly [Key in keyof Tree]: Tree[Key] extends string ? string : Texts<Tree[Key]> };

const LOADERS: Readonly<Record<Language, () => Promise<Messages>>> = {
  en: async () => en,
  zh: async () => (await import("./zh/index.ts")).zh,
  pt: async () => (await import("./pt/index.ts")).pt,
};

/** The catalogue, with one language loaded; others come when they are asked for. */
export async function loadMessages(language: Language): Promise<i18n> {
  const messages = i18next.createInstance();
  await messages
    .use(initReactI18next)
    .use({
      type: "backend",
      init: () => undefined,
      read: (asked: string, section: string, done: (error: unknown, data: unknown) => void) => {
        LOADERS[asked as Language]().then(
          (loaded) => done(null, loaded[section as SectionName]),
          (error: unknown) => done(error, false),
        );
      },
    })
    .init({
      lng: language,
      supportedLngs: Object.keys(LOADERS),
      ns: Object.keys(en),
      defaultNS: "common",
      // What React writes is safe by itself.
      interpolation: { escapeValue: false },
      // Where a language could not be fetched.
      fallbackLng: "en",
      react: { useSuspense: true },
    });
  return messages;
}

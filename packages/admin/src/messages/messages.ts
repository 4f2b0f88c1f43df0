import i18next, { type i18n } from "i18next";
import { initReactI18next } from "react-i18next";
import type { Language } from "../app/preferences.ts";
import { first } from "./en/first.ts";
import type { later } from "./en/later.ts";

/** What every language says: the keys of English. Some of it is fetched only with the pages that need it. */
export type First = Texts<typeof first>;
export type Later = Texts<typeof later>;

/** The sections of the catalogue: one for each page, and what they share. */
export type SectionName = keyof First | keyof Later;

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
const LATER: Readonly<Record<keyof Later, true>> = {
  audit: true,
  channels: true,
  connections: true,
  nodes: true,
  notifications: true,
  playground: true,
  settings: true,
  users: true,
};

/** The catalogue, with what is needed before a page is chosen, in one language; others come when they are asked for. */
export async function loadMessages(language: Language): Promise<i18n> {
  const messages = i18next.createInstance();
  await messages
    .use(initReactI18next)
    .use({
      type: "backend",
      init: () => undefined,
      read: (asked: string, section: string, done: (error: unknown, data: unknown) => void) => {
        const part = section in LATER ? "later" : "first";
        LOADERS[asked as Language][part]().then(
          (loaded) => done(null, loaded[section as keyof typeof loaded]),
          (error: unknown) => done(error, false),
        );
      },
    })
    .init({
      lng: language,
      supportedLngs: Object.keys(LOADERS),
      ns: Object.keys(first),
      defaultNS: "common",
      // What React writes is safe by itself.
      interpolation: { escapeValue: false },
      // Where a language could not be fetched.
      fallbackLng: "en",
      react: { useSuspense: true },
    });
  return messages;
}

/** Loads what the other pages say, all at once: they speak of each other. */
export async function loadLaterMessages(messages: i18n): Promise<void> {
  await messages.loadNamespaces(Object.keys(LATER));
}

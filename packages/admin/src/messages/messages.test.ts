import { readdirSync } from "node:fs";
import { ERROR_TABLE } from "@roomcast/protocol";
import { describe, expect, it } from "vitest";
import { LANGUAGES, type Language } from "../app/preferences.ts";
import { first as firstEn } from "./en/first.ts";
import { later as laterEn } from "./en/later.ts";
import { loadLanguage, loadLaterMessages, loadMessages } from "./messages.ts";
import { first as firstPt } from "./pt/first.ts";
import { later as laterPt } from "./pt/later.ts";
import { first as firstZh } from "./zh/first.ts";
import { later as laterZh } from "./zh/later.ts";

const en = { ...firstEn, ...laterEn };
const CATALOGUES: Readonly<Record<Language, object>> = {
  en,
  zh: { ...firstZh, ...laterZh },
  pt: { ...firstPt, ...laterPt },
};

/** All texts of a catalogue by their keys. */
function textsOf(tree: object, path = ""): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(tree) as [string, unknown][]) {
    if (typeof value === "string") found.set(path + key, value);
    else for (const [inner, text] of textsOf(value as object, `${path}${key}.`)) found.set(inner, text);
  }
  return found;
}

/** Of one thing, its number need not be said. */
const variablesOf = (key: string, text = ""): string[] =>
  [...text.matchAll(/\{\{(\w+)\}\}/g)]
    .map(([, name = ""]) => name)
    .filter((name) => name !== "count" || !key.endsWith("_one"))
    .sort();
const english = textsOf(en);

describe.each(["zh", "pt"] as const)("the catalogue in %s", (language) => {
  const texts = textsOf(CATALOGUES[language]);

  it("says what English says, and no more", () => {
    expect([...texts.keys()].sort()).toEqual([...english.keys()].sort());
  });

  it("has the same variables in each text, and no empty one", () => {
    for (const [key, text] of texts) {
      expect([key, variablesOf(key, text)]).toEqual([key, variablesOf(key, english.get(key))]);
      expect([key, text.trim()]).not.toEqual([key, ""]);
    }
  });
});

describe("the catalogue", () => {
  it("has a file for each section in each language, and none besides", () => {
    const files = (language: string): string[] =>
      readdirSync(new URL(language, import.meta.url)).filter((name) => !["first.ts", "later.ts"].includes(name));
    for (const language of Object.keys(LANGUAGES)) {
      expect([language, files(language)]).toEqual([language, files("en")]);
      expect(files(language)).toHaveLength(Object.keys(en).length);
    }
  });

  it("explains every code of the error table", () => {
    for (const code of Object.keys(ERROR_TABLE)) {
      expect(Object.keys(en.common.errors)).toContain(code);
      expect(Object.keys(en.common.codes)).toContain(code);
    }
  });

  it("is loaded in two parts, of each language", async () => {
    const messages = await loadMessages("pt");
    const said = (): string[] => ["pages:users", "users:description"].map((key) => messages.t(key as never) as string);
    expect(said()).toEqual([firstPt.pages.users, "description"]);
    await loadLaterMessages(messages);
    expect(said()).toEqual([firstPt.pages.users, laterPt.users.description]);
    await loadLanguage(messages, "zh");
    await messages.changeLanguage("zh");
    expect(said()).toEqual([firstZh.pages.users, laterZh.users.description]);
  });

  it("has all that other pages say where the language changes while that is loaded", async () => {
    const messages = await loadMessages("pt");
    const later = loadLaterMessages(messages);
    await messages.changeLanguage("zh");
    await later;
    expect(messages.t("users:description" as never)).toBe(laterZh.users.description);
  });

  it("counts in each language", async () => {
    const said = async (language: Language): Promise<string[]> => {
      const messages = await loadMessages(language);
      return [1, 2].map((count) => messages.t("signIn:wait" as never, { count }) as string);
    };
    expect(await said("en")).toEqual(["Try again in 1 second", "Try again in 2 seconds"]);
    expect(await said("pt")).toEqual(["Tente de novo em 1 segundo", "Tente de novo em 2 segundos"]);
    expect(await said("zh")).toEqual(["1 秒后可重试", "2 秒后可重试"]);
  });
});

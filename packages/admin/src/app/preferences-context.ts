import { createContext, useContext } from "react";
import type { Language, Preferences } from "./preferences.ts";

export interface PreferencesValue {
  readonly preferences: Preferences;
  /** The language that is shown. */
  readonly language: Language;
  readonly change: (changes: Partial<Preferences>) => void;
}

export const PreferencesContext = createContext<PreferencesValue | undefined>(undefined);

export function usePreferences(): PreferencesValue {
  const value = useContext(PreferencesContext);
  if (value === undefined) throw new Error("There are no preferences");
  return value;
}

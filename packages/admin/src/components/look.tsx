import { NativeSelect } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { LANGUAGES, type Language, type Preferences } from "../app/preferences.ts";
import { usePreferences } from "../app/preferences-context.ts";

const COLOURS = ["auto", "light", "dark"] as const;

/** Chooses language and colours. */
export function Look() {
  const { t } = useTranslation();
  const { preferences, language, change } = usePreferences();
  return (
    <>
      <NativeSelect
        size="xs"
        aria-label={t("colours.label")}
        value={preferences.colours}
        data={COLOURS.map((value) => ({ value, label: t(`colours.${value}`) }))}
        onChange={({ currentTarget }) => change({ colours: currentTarget.value as Preferences["colours"] })}
      />
      <NativeSelect
        size="xs"
        aria-label={t("language")}
        value={language}
        data={Object.entries(LANGUAGES).map(([value, label]) => ({ value, label }))}
        onChange={({ currentTarget }) => change({ language: currentTarget.value as Language })}
      />
    </>
  );
}

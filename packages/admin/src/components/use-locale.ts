import { useTranslation } from "react-i18next";

/** How to write numbers and times: as the browser does where it has the language that is shown, with its region. */
export function useLocale(): string {
  const { language } = useTranslation().i18n;
  return navigator.languages.find((tag) => tag.toLowerCase().split("-", 1)[0] === language) ?? language;
}

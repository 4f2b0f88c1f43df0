import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { When } from "./when.tsx";

const UNITS = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1000],
] as const;

/** A moment, and how far away it is. */
export function Ago({ at }: { readonly at: number }) {
  const { language } = useTranslation().i18n;
  const away = at - Date.now();
  const [unit, length] = UNITS.find(([, most]) => Math.abs(away) >= most) ?? ["second", 1000];
  const words = new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(Math.trunc(away / length), unit);
  return (
    <>
      <When at={at} />{" "}
      <Text span size="sm" c="dimmed">
        ({words})
      </Text>
    </>
  );
}

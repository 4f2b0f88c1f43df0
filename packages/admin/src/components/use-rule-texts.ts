import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { RuleMatch } from "../api/types.ts";

export interface RuleTexts {
  /** Who has a right, in words. */
  readonly right: (right: string) => string;
  readonly keep: (keep: RuleMatch["keep"]) => string;
  readonly events: (events: RuleMatch["events"]) => string;
}

const RIGHTS = ["anyone", "authenticated", "owner", "roomToken", "service", "nobody", "member", "function"] as const;

/** Says in words what a rule has. */
export function useRuleTexts(): RuleTexts {
  const { t } = useTranslation("settings");
  return useMemo(
    () => ({
      right(right) {
        const known = RIGHTS.find((name) => name === right);
        return known === undefined ? right : t(`rights.${known}`);
      },
      keep: (keep) => (keep === false ? t("keep.not") : t("keep.some", { size: keep.size, seconds: keep.seconds })),
      events: (events) =>
        events === null ? t("events.any") : t("events.some", { names: Object.keys(events).join(", ") }),
    }),
    [t],
  );
}

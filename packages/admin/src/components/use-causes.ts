import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Incident } from "../api/types.ts";

export interface Causes {
  /** What an incident means, in a sentence. */
  readonly what: (incident: Pick<Incident, "kind" | "code">) => string;
  /** What one can do about it. */
  readonly fix: (incident: Pick<Incident, "kind" | "code">) => string;
}

/** Says in words what incidents mean: a sentence of the catalogue for each code of each kind. */
export function useCauses(): Causes {
  const { t } = useTranslation("users");
  return useMemo(() => {
    const text = (part: "what" | "fix", { kind, code }: Pick<Incident, "kind" | "code">): string =>
      t([`causes.${kind}.${code}.${part}`, `causes.${kind}.other.${part}`] as never);
    return { what: (incident) => text("what", incident), fix: (incident) => text("fix", incident) };
  }, [t]);
}

import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useNumbers } from "../../components/use-numbers.ts";
import type { JsonCheck } from "./json-text.ts";

/** The gateway's limits, unless it is configured otherwise. */
const COMMAND_BYTES = 65_536;
const DEPTH = 32;

/** How large a value is, and what about it the gateway may not like. It may be sent all the same. */
export function JsonVerdict({ check }: { readonly check: JsonCheck }) {
  const { t } = useTranslation("playground");
  const numbers = useNumbers();
  if (check.state !== "good") return null;
  const { bytes, depth, hidden } = check;
  const warnings = [
    ...(bytes > COMMAND_BYTES ? [t("command.tooLarge")] : []),
    ...(depth > DEPTH ? [t("command.tooDeep")] : []),
    ...(hidden > 0 ? [t("command.hidden", { count: hidden })] : []),
  ];
  return (
    <Text size="xs" c="dimmed" className="playground-verdict">
      {t("command.size", { bytes: numbers.bytes(bytes), depth: numbers.count(depth) })}
      {warnings.map((warning) => (
        <Text key={warning} span inherit className="playground-warning">
          {" · "}
          {warning}
        </Text>
      ))}
    </Text>
  );
}

/** Why a text is not taken as JSON; undefined where it is. */
export function useJsonProblem(check: JsonCheck): string | null {
  const { t } = useTranslation("playground");
  if (check.state === "bad") return t("command.bad", { line: check.line, column: check.column });
  return check.state === "too-deep" ? t("command.deep") : null;
}

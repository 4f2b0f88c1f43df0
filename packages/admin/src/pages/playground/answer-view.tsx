import { Text } from "@mantine/core";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { JsonView } from "../../components/json-view.tsx";
import { useNumbers } from "../../components/use-numbers.ts";
import type { Answer } from "./connection.ts";
import { hideSecrets } from "./secrets.ts";

export interface AnswerViewProps {
  /** The name of the connection. */
  readonly panel: string;
  readonly answer: Answer | undefined;
  readonly secrets: ReadonlySet<string>;
}

/** What came back of the last command, and how long that took. */
export function AnswerView({ panel, answer, secrets }: AnswerViewProps) {
  const { t } = useTranslation("playground");
  const numbers = useNumbers();
  const value = useMemo(() => {
    const text = answer?.text ?? "";
    return text === "" ? undefined : (JSON.parse(hideSecrets(text, secrets)) as unknown);
  }, [answer, secrets]);
  if (answer === undefined) {
    return (
      <Text size="sm" c="dimmed">
        {t("command.noAnswer")}
      </Text>
    );
  }
  const { command, event, milliseconds, text } = answer;
  const how = text === undefined ? "unanswered" : event === undefined ? "answered" : "answeredBy";
  return (
    <div>
      <Text size="sm" role="status" className="playground-wrap">
        {t(`command.${how}`, { command, event: event ?? "", time: numbers.milliseconds(milliseconds) })}
      </Text>
      {value === undefined ? null : <JsonView value={value} label={`${panel}: ${t("command.answer")}`} />}
    </div>
  );
}

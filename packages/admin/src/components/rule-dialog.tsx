import { Modal, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Plain } from "./plain.tsx";
import { RuleTester, type RuleQuestion } from "./rule-tester.tsx";

export interface RuleDialogProps {
  /** What is asked at once; undefined while the dialogue is closed. */
  readonly question: RuleQuestion | undefined;
  readonly close: () => void;
}

/** The rule tester over a page, filled in. */
export function RuleDialog({ question, close }: RuleDialogProps) {
  const { t } = useTranslation("settings");
  const { t: common } = useTranslation();
  return (
    <Modal
      opened={question !== undefined}
      onClose={close}
      title={t("tester.title")}
      size="lg"
      closeButtonProps={{ "aria-label": common("close") }}
    >
      <Text size="sm" c="dimmed" mb="sm">
        {t("tester.text")}
      </Text>
      {question?.socketId === undefined ? null : (
        <Text size="sm" mb="sm">
          {t("tester.connection")} <Plain text={question.socketId} />
        </Text>
      )}
      {question === undefined ? null : (
        <RuleTester
          key={JSON.stringify(question)}
          initial={question}
          {...(question.socketId === undefined ? undefined : { socketId: question.socketId })}
        />
      )}
    </Modal>
  );
}

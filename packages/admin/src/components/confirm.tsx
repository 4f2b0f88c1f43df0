import { Button, Group, Modal, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

export interface ConfirmProps {
  readonly opened: boolean;
  readonly title: string;
  /** What will happen, to whom. */
  readonly children: ReactNode;
  /** The verb of the button that does it. */
  readonly action: string;
  readonly busy?: boolean;
  readonly confirm: () => void;
  readonly close: () => void;
}

/** Asks before something that cannot be taken back. The safe answer has the focus. */
export function Confirm({ opened, title, children, action, busy = false, confirm, close }: ConfirmProps) {
  const { t } = useTranslation();
  return (
    <Modal opened={opened} onClose={close} title={title} centered closeButtonProps={{ "aria-label": t("close") }}>
      <Text component="div">{children}</Text>
      <Text size="sm" c="dimmed" mt="sm">
        {t("audited")}
      </Text>
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={close} data-autofocus>
          {t("cancel")}
        </Button>
        <Button color="red" onClick={confirm} loading={busy}>
          {action}
        </Button>
      </Group>
    </Modal>
  );
}

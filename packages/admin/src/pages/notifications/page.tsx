import { Stack } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useDraft } from "../../app/drafts.tsx";
import { PageHeader } from "../../components/page-header.tsx";
import { useParam } from "../../components/use-param.ts";
import { NotifyForm, type Draft } from "./notify-form.tsx";
import { SentList } from "./sent-list.tsx";
import { useSent } from "./use-sent.ts";

const BLANK: Draft = { users: "", kind: "text", message: "" };

/** Sends to users, and shows what was sent. */
export function NotificationsPage() {
  const { t } = useTranslation("notifications");
  const { t: pages } = useTranslation("pages");
  const [sent, add] = useSent();
  const [userId = ""] = useParam("userId");
  const draft = useDraft<Draft>(`notification ${userId}`, { ...BLANK, users: userId });
  return (
    <Stack gap="lg">
      <PageHeader title={pages("notifications")} description={t("description")} />
      <NotifyForm
        draft={draft.value}
        change={draft.change}
        sent={(sent) => {
          add(sent);
          draft.sent();
        }}
      />
      <SentList sent={sent} again={draft.change} />
    </Stack>
  );
}

import { Stack } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { PageHeader } from "../../components/page-header.tsx";
import { NotifyForm, type Draft } from "./notify-form.tsx";
import { SentList } from "./sent-list.tsx";
import { useSent } from "./use-sent.ts";

const BLANK: Draft = { users: "", kind: "text", message: "" };

/** Sends to users, and shows what was sent. */
export function NotificationsPage() {
  const { t } = useTranslation("notifications");
  const [sent, add] = useSent();
  const [draft, setDraft] = useState(BLANK);
  return (
    <Stack gap="lg">
      <PageHeader title={t("title")} description={t("description")} />
      <NotifyForm draft={draft} change={setDraft} sent={add} />
      <SentList sent={sent} again={setDraft} />
    </Stack>
  );
}

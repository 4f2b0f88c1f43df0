import { Alert, EmptyState, SimpleGrid } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "wouter";
import { isUserId } from "../../components/names.ts";
import { PageHeader } from "../../components/page-header.tsx";
import { Plain } from "../../components/plain.tsx";
import { notificationsOf } from "./diagnosis.ts";
import { NameForm } from "./name-form.tsx";
import { UserDiagnosis } from "./user-diagnosis.tsx";

const MOST_SHOWN = 160;

/** Diagnoses what a user hears, or asks whose. */
export function UsersPage() {
  const { t } = useTranslation("users");
  const { t: pages } = useTranslation("pages");
  const [query, setQuery] = useSearchParams();
  const asked = query.get("userId") ?? "";
  // What nobody can be called is shown in its field alone, where it can be mended.
  const valid = isUserId(asked);
  const userId = valid ? asked : "";
  const usual = notificationsOf(userId);
  const channel = query.get("channel") ?? usual;
  return (
    <>
      <PageHeader title={userId === "" ? pages("users") : t("heading", { userId })} description={t("description")} />
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md" mb="md">
        <NameForm
          label={t("search.label")}
          hint={t("search.hint")}
          action={t("search.action")}
          name={asked}
          most={128}
          submit={(wanted) => setQuery({ userId: wanted })}
        />
        {userId === "" ? null : (
          <NameForm
            label={t("channel.label")}
            hint={t("channel.hint", { channel: usual })}
            action={t("channel.action")}
            name={channel}
            most={255}
            secondary
            submit={(wanted) => setQuery({ userId, ...(wanted === usual ? undefined : { channel: wanted }) })}
          />
        )}
      </SimpleGrid>
      {asked !== "" && !valid ? (
        <Alert color="red" role="alert" title={t("notAnId.title")}>
          {t("notAnId.text")} <Plain text={asked} most={MOST_SHOWN} />
        </Alert>
      ) : userId === "" ? (
        <EmptyState title={t("empty.title")} description={t("empty.text")} maw={560} mx="auto" my="xl" />
      ) : (
        <UserDiagnosis key={userId} userId={userId} channel={channel} />
      )}
    </>
  );
}

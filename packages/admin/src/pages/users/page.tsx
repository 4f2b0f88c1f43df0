import { Button, EmptyState, Group, TextInput } from "@mantine/core";
import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "wouter";
import { PageHeader } from "../../components/page-header.tsx";
import { UserDiagnosis } from "./user-diagnosis.tsx";

/** Diagnoses what a user hears, or asks whose. */
export function UsersPage() {
  const { t } = useTranslation("users");
  const [query, setQuery] = useSearchParams();
  const userId = query.get("userId") ?? "";
  return (
    <>
      <PageHeader
        title={userId === "" ? t("title") : t("heading", { userId })}
        {...(userId === "" ? { description: t("description") } : undefined)}
      />
      <SearchUser key={userId} userId={userId} search={(wanted) => setQuery({ userId: wanted })} />
      {userId === "" ? (
        <EmptyState title={t("empty.title")} description={t("empty.text")} maw={560} mx="auto" my="xl" />
      ) : (
        <UserDiagnosis key={`user ${userId}`} userId={userId} />
      )}
    </>
  );
}

function SearchUser({ userId, search }: { readonly userId: string; readonly search: (userId: string) => void }) {
  const { t } = useTranslation("users");
  const [typed, setTyped] = useState(userId);
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    const wanted = typed.trim();
    if (wanted !== "") search(wanted);
  };
  return (
    <form onSubmit={submit}>
      <Group gap="sm" align="flex-end" mb="md">
        <TextInput
          label={t("search.label")}
          description={t("search.hint")}
          value={typed}
          onChange={({ currentTarget }) => setTyped(currentTarget.value)}
          className="wide-field"
          maxLength={128}
          autoComplete="off"
          spellCheck={false}
          required
          withAsterisk={false}
        />
        <Button type="submit">{t("search.action")}</Button>
      </Group>
    </form>
  );
}

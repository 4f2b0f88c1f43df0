import { Stack } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "wouter";
import type { Role } from "../../api/types.ts";
import { PageHeader } from "../../components/page-header.tsx";
import { RuleTester, type RuleQuestion } from "../../components/rule-tester.tsx";
import { Section } from "../../components/section.tsx";
import { Configuration } from "./configuration.tsx";
import { Documents } from "./documents.tsx";
import { Rules } from "./rules.tsx";

/** What the gateway runs with. */
export function SettingsPage() {
  const { t } = useTranslation("settings");
  const { t: pages } = useTranslation("pages");
  const [query, setQuery] = useSearchParams();
  const question = readQuestion(query);
  return (
    <>
      <PageHeader title={pages("settings")} description={t("description")} />
      <Stack gap="md">
        <Section title={t("tester.title")} description={t("tester.text")}>
          <RuleTester initial={question} asked={(next) => setQuery(writeQuestion(next), { replace: true })} />
        </Section>
        <Rules />
        <Documents />
        <Configuration />
      </Stack>
    </>
  );
}

const ROLES: readonly Role[] = ["client", "service", "admin", "operator"];

function readQuestion(query: URLSearchParams): RuleQuestion {
  const userId = query.get("userId") ?? "";
  const roles = (query.get("roles") ?? "").split(",");
  return {
    channel: query.get("channel") ?? "",
    ...(userId === "" ? undefined : { userId, roles: ROLES.filter((role) => roles.includes(role)) }),
    ...(query.get("visitor") === "yes" ? { anonymous: true as const } : undefined),
  };
}

function writeQuestion({ channel, userId, roles = [], anonymous }: RuleQuestion): Record<string, string> {
  return {
    channel,
    ...(userId === undefined ? undefined : { userId, roles: roles.join(",") }),
    ...(anonymous === true ? { visitor: "yes" } : undefined),
  };
}

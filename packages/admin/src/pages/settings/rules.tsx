import { Loader, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { Action, RuleMatch } from "../../api/types.ts";
import { useSession } from "../../app/session.tsx";
import { DataTable } from "../../components/data-table.tsx";
import { Failure } from "../../components/failure.tsx";
import { Plain } from "../../components/plain.tsx";
import { Section } from "../../components/section.tsx";
import { Sideways } from "../../components/sideways.tsx";
import { useRuleTexts } from "../../components/use-rule-texts.ts";

const ACTIONS: readonly Action[] = ["subscribe", "presence", "history", "publish"];

/** The channel rules, in the order in which they are asked. */
export function Rules() {
  const { t } = useTranslation("settings");
  const { t: common } = useTranslation();
  const { rest } = useSession();
  const { data, error, refetch } = useQuery({
    queryKey: ["rules"],
    queryFn: async ({ signal }) => await rest.get<readonly RuleMatch[]>("/api/cluster/rules", { signal }),
  });
  return (
    <Section title={t("rules.title")} description={t("rules.text")}>
      {error === null ? null : <Failure error={error} retry={() => void refetch()} />}
      {data === undefined && error === null ? <Loader aria-label={common("loading")} /> : null}
      {data === undefined ? null : <RuleTable rules={data} />}
    </Section>
  );
}

function RuleTable({ rules }: { readonly rules: readonly RuleMatch[] }) {
  const { t } = useTranslation("settings");
  const texts = useRuleTexts();
  return (
    <>
      <Sideways label={t("rules.table")}>
        <DataTable
          label={t("rules.table")}
          rows={rules}
          rowKey={(_, index) => String(index)}
          columns={[
            {
              header: t("rules.number"),
              cell: ({ kind, index }) =>
                kind === "rule" && index !== null ? (
                  String(index + 1)
                ) : (
                  <Text span size="sm" c="dimmed">
                    {t("rules.builtIn")}
                  </Text>
                ),
            },
            { header: t("rules.match"), cell: ({ match }) => (match === null ? "" : <Plain text={match} />) },
            ...ACTIONS.map((action) => ({
              header: t(`actions.${action}`),
              cell: ({ rights }: RuleMatch) => texts.right(rights[action]),
            })),
            { header: t("rules.kept"), cell: ({ keep }) => texts.keep(keep) },
            { header: t("rules.slow"), cell: ({ slow }) => t(`slow.${slow}`) },
            { header: t("rules.only"), cell: ({ events }) => texts.events(events) },
          ]}
        />
      </Sideways>
      {rules.some(({ kind }) => kind === "rule") ? null : (
        <Text size="sm" c="dimmed" mt="sm">
          {t("rules.none")}
        </Text>
      )}
    </>
  );
}

import { Badge, Group, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Action, Decision, RuleMatch, RuleTest } from "../api/types.ts";
import { DataTable } from "./data-table.tsx";
import { Facts } from "./facts.tsx";
import { JsonView } from "./json-view.tsx";
import { Plain } from "./plain.tsx";
import { useRuleTexts } from "./use-rule-texts.ts";

const ACTIONS: readonly Action[] = ["subscribe", "presence", "history", "publish"];

/** What the rules have for a channel, and what they decide for whoever asks. */
export function RuleOutcome({ channel, outcome }: { readonly channel: string; readonly outcome: RuleTest }) {
  const { t } = useTranslation("settings");
  const texts = useRuleTexts();
  const { decisions, params, rights } = outcome;
  return (
    <Stack gap="sm">
      <Headline outcome={outcome} />
      <DataTable
        label={t("tester.table", { channel })}
        rows={ACTIONS}
        rowKey={(action) => action}
        columns={[
          { header: t("tester.action"), cell: (action) => t(`actions.${action}`) },
          { header: t("tester.right"), cell: (action) => texts.right(rights[action]) },
          ...(decisions === null
            ? []
            : [
                {
                  header: t("tester.decision"),
                  cell: (action: Action) => <DecisionText decision={decisions[action]} />,
                },
              ]),
        ]}
      />
      <Facts
        facts={[
          Object.keys(params).length === 0
            ? undefined
            : [
                t("tester.params"),
                <Stack gap={2}>
                  {Object.entries(params).map(([name, value]) => (
                    <Plain key={name} text={`${name} = ${value}`} />
                  ))}
                </Stack>,
              ],
          [t("tester.kept"), texts.keep(outcome.keep)],
          [t("tester.slow"), t(`slow.${outcome.slow}`)],
          [t("tester.events"), texts.events(outcome.events)],
        ]}
      />
      {outcome.events === null ? null : <JsonView value={outcome.events} label={t("tester.events")} />}
    </Stack>
  );
}

function Headline({ outcome }: { readonly outcome: RuleMatch }) {
  const { t } = useTranslation("settings");
  const { kind, index, match } = outcome;
  return (
    <div role="status">
      <Group gap="xs">
        <Text fw={600}>{t(`tester.found.${kind}`, { number: (index ?? 0) + 1 })}</Text>
        {match === null ? null : <Plain text={match} />}
      </Group>
      {kind === "none" ? (
        <Text size="sm" c="dimmed">
          {t("tester.noneText")}
        </Text>
      ) : null}
    </div>
  );
}

function DecisionText({ decision }: { readonly decision: Decision }) {
  const { t } = useTranslation("settings");
  const { allowed, by, code, message } = decision;
  return (
    <Group gap="xs">
      <Badge variant="outline" color={allowed ? "teal" : "red"}>
        {allowed ? t("tester.allowed") : t("tester.refused")}
      </Badge>
      {by === undefined ? null : <Text size="sm">{t(`tester.by.${by}`)}</Text>}
      {code === undefined ? null : <code>{code}</code>}
      {message === undefined ? null : (
        <Text size="sm" component="span">
          <Plain text={message} />
        </Text>
      )}
    </Group>
  );
}

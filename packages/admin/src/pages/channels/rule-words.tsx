import { Badge, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Action, RuleMatch } from "../../api/types.ts";
import { JsonView } from "../../components/json-view.tsx";
import { Plain } from "../../components/plain.tsx";
import { useNumbers } from "../../components/use-numbers.ts";
import { Facts } from "../../components/facts.tsx";

const ACTIONS: readonly Action[] = ["subscribe", "presence", "history", "publish"];
/** Rights that the page has words for; others are shown as they are. */
const RIGHTS = ["anyone", "authenticated", "owner", "service", "member", "roomToken", "nobody", "function"] as const;

/** What a rule says, in words. */
export function RuleWords({ rule }: { readonly rule: RuleMatch }) {
  const { t } = useTranslation("channels");
  const { count } = useNumbers();
  const { kind, index, match, params, rights, keep, slow, events } = rule;
  const facts: [string, ReactNode][] = [
    [
      t("rule.which"),
      <Stack key="which" gap={2}>
        <span>
          {kind === "rule" ? t("rule.numbered", { number: count((index ?? 0) + 1) }) : t(`rule.kind.${kind}`)}
        </span>
        {match === null ? null : <Plain text={match} />}
      </Stack>,
    ],
    ...Object.entries(params).map(([name, value]): [string, ReactNode] => [
      `{${name}}`,
      <Plain key={name} text={value} />,
    ]),
    ...ACTIONS.map((action): [string, ReactNode] => [
      t(`rule.action.${action}`),
      <RightWords key={action} right={rights[action]} />,
    ]),
    [
      t("rule.keep"),
      keep === false
        ? t("rule.keepsNothing")
        : t("rule.keeps", { size: count(keep.size), seconds: count(keep.seconds) }),
    ],
    [t("rule.slow"), t(`rule.slowly.${slow}`)],
    [t("rule.events"), events === null ? t("rule.anyEvent") : <EventNames key="events" events={events} />],
  ];
  return <Facts facts={facts} />;
}

function RightWords({ right }: { readonly right: string }) {
  const { t } = useTranslation("channels");
  const known = RIGHTS.find((one) => one === right);
  return known === undefined ? <Plain text={right} /> : t(`rule.right.${known}`);
}

function EventNames({ events }: { readonly events: NonNullable<RuleMatch["events"]> }) {
  const { t } = useTranslation("channels");
  return (
    <Stack gap="xs">
      {Object.entries(events).map(([name, schema]) => (
        <details key={name}>
          <summary>
            <Plain text={name} /> {schema === null ? <Badge variant="outline">{t("rule.noSchema")}</Badge> : null}
          </summary>
          {schema === null ? (
            <Text size="sm">{t("rule.noSchemaText")}</Text>
          ) : (
            <JsonView value={schema} label={t("rule.schemaOf", { event: name })} />
          )}
        </details>
      ))}
    </Stack>
  );
}

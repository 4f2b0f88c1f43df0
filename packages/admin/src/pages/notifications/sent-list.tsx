import { Button, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Empty } from "../../components/empty.tsx";
import { JsonView } from "../../components/json-view.tsx";
import { plural } from "../../components/plural.ts";
import { To } from "../../components/to.tsx";
import { useNumbers } from "../../components/use-numbers.ts";
import { When } from "../../components/when.tsx";
import { writeJson } from "../../json/write-json.ts";
import type { Draft } from "./notify-form.tsx";
import type { Sent } from "./use-sent.ts";

/** Of the users of one notification. */
const MOST_SHOWN = 20;

export interface SentListProps {
  readonly sent: readonly Sent[];
  /** To write one like it. */
  readonly again: (draft: Draft) => void;
}

/** What was sent during this visit. */
export function SentList({ sent, again }: SentListProps) {
  const { t } = useTranslation("notifications");
  return (
    <section aria-labelledby="sent-notifications">
      <Title order={2} size="h4" mb="sm" id="sent-notifications">
        {t("history")}
      </Title>
      {sent.length === 0 ? (
        <Empty title={t("none")}>{t("noneText")}</Empty>
      ) : (
        <Stack component="ol" gap="sm" className="plain-list">
          {sent.map((one) => (
            <SentOne key={one.number} sent={one} again={again} />
          ))}
        </Stack>
      )}
    </section>
  );
}

function SentOne({
  sent: { at, users, message, delivered },
  again,
}: {
  readonly sent: Sent;
  readonly again: SentListProps["again"];
}) {
  const { t } = useTranslation("notifications");
  const { count } = useNumbers();
  const draft = (): Draft => ({
    users: users.join("\n"),
    kind: typeof message === "string" ? "text" : "json",
    message:
      typeof message === "string" ? message : writeJson(message, { most: Number.POSITIVE_INFINITY, lines: true }).text,
  });
  return (
    <Paper component="li" withBorder p="sm">
      <Group justify="space-between" mb={4}>
        <Text size="sm">
          <When at={at} />
          {" · "}
          {t("went", { count: plural(delivered), number: count(delivered), users: count(users.length) })}
        </Text>
        <Button size="xs" variant="default" onClick={() => again(draft())}>
          {t("again")}
        </Button>
      </Group>
      <Group gap="xs" mb={4}>
        {users.slice(0, MOST_SHOWN).map((userId) => (
          <To key={userId} page="/users" query={{ userId }} text={userId} />
        ))}
        {users.length > MOST_SHOWN ? <Text size="sm">+{count(users.length - MOST_SHOWN)}</Text> : null}
      </Group>
      <JsonView value={message} label={t("message")} />
    </Paper>
  );
}

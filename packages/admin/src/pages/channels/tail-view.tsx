import { Alert, Badge, Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { useEffect, useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { Empty } from "../../components/empty.tsx";
import { Failure } from "../../components/failure.tsx";
import { plural } from "../../components/plural.ts";
import { useNumbers } from "../../components/use-numbers.ts";
import { EventTable } from "./event-table.tsx";
import { MOST_ROWS } from "./tail.ts";
import type { TailState } from "./use-tail.ts";

/** What is published on a channel, as it comes. */
export function TailView({ tail, following, error }: TailState) {
  const { t } = useTranslation("channels");
  const { count, rate: perSecond } = useNumbers();
  const [event, setEvent] = useState("");
  const [text, setText] = useState("");
  const { rows, received, rate, paused, waiting, gaps } = useSyncExternalStore(tail.subscribe, tail.snapshot);
  useEffect(() => tail.filter({ event, text }), [tail, event, text]);
  const filtered = event !== "" || text !== "";
  return (
    <Stack gap="sm">
      {error === undefined ? null : (
        <>
          <Failure error={error} />
          <Text size="sm">{t("tail.refused")}</Text>
        </>
      )}
      {gaps > 0 ? (
        <Alert color="yellow" role="status">
          {t("tail.gaps", { count: plural(gaps), number: count(gaps) })}
        </Alert>
      ) : null}
      <Group align="flex-end" gap="sm">
        <TextInput
          label={t("tail.event")}
          value={event}
          onChange={({ currentTarget }) => setEvent(currentTarget.value)}
          maxLength={128}
          className="grow"
        />
        <TextInput
          label={t("tail.text")}
          value={text}
          onChange={({ currentTarget }) => setText(currentTarget.value)}
          maxLength={1000}
          className="grow"
        />
        <Button variant={paused ? "filled" : "default"} onClick={() => (paused ? tail.resume() : tail.pause())}>
          {paused ? t("tail.resume", { count: plural(waiting), number: count(waiting) }) : t("tail.pause")}
        </Button>
        <Button variant="default" onClick={() => tail.clear()} disabled={rows.length === 0}>
          {t("tail.clear")}
        </Button>
      </Group>
      <Group gap="xs">
        <Badge color={paused ? "yellow" : following ? "teal" : "gray"} variant="outline">
          {t(paused ? "tail.paused" : following ? "tail.following" : "tail.waiting")}
        </Badge>
        <Text size="sm">
          {t("tail.received", {
            count: plural(received),
            number: count(received),
            rate: perSecond(Math.round(rate * 10) / 10),
          })}
        </Text>
        {received > MOST_ROWS ? <Text size="sm">{t("tail.kept", { number: count(MOST_ROWS) })}</Text> : null}
      </Group>
      {rows.length === 0 ? (
        <Empty title={t(filtered ? "tail.noneMatch" : "tail.none")}>{t(filtered ? "tail.widen" : "tail.wait")}</Empty>
      ) : (
        <EventTable label={t("tail.label")} events={rows} rest={420} />
      )}
    </Stack>
  );
}

import { Button, Group, Loader, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useLog } from "../../api/use-log.ts";
import { Empty } from "../../components/empty.tsx";
import { Failure } from "../../components/failure.tsx";
import { plural } from "../../components/plural.ts";
import { useNumbers } from "../../components/use-numbers.ts";
import { EventTable } from "./event-table.tsx";

export interface HistoryViewProps {
  /** Of REST, to the channel. */
  readonly path: string;
  /** Whether the channel keeps anything; undefined while that is not known. */
  readonly keeps: boolean | undefined;
  /** The offset of the oldest event that is kept, where it is known. */
  readonly oldest: number | undefined;
}

/** What a channel keeps of its events, newest first. */
export function HistoryView({ path, keeps, oldest }: HistoryViewProps) {
  const { t } = useTranslation("channels");
  const { count } = useNumbers();
  const log = useLog(`${path}/history`);
  if (log.loading) return <Loader aria-label={t("history.loading")} />;
  if (log.error !== null && log.events.length === 0) return <Failure error={log.error} retry={log.reload} />;
  const reached = log.events.at(-1)?.position?.offset;
  const more = log.more && (oldest === undefined || reached === undefined || reached > oldest);
  return (
    <Stack gap="sm">
      {log.error === null ? null : <Failure error={log.error} retry={log.older} />}
      <Group justify="space-between">
        <Text size="sm">
          {t("history.loaded", { count: plural(log.events.length), number: count(log.events.length) })}
        </Text>
        <Group gap="xs">
          <Button size="xs" variant="default" onClick={log.reload} loading={log.busy}>
            {t("history.reload")}
          </Button>
          {more ? (
            <Button size="xs" variant="default" onClick={log.older} loading={log.busy}>
              {t("history.older")}
            </Button>
          ) : null}
        </Group>
      </Group>
      {log.events.length === 0 ? (
        <Empty title={t("history.none")}>{t(keeps === false ? "history.keepsNothing" : "history.nothingYet")}</Empty>
      ) : (
        <EventTable label={t("history.label")} events={log.events} rest={380} onEnd={more ? log.older : undefined} />
      )}
    </Stack>
  );
}

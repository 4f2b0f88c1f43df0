import { Button, Group, Loader, NativeSelect, Stack, Text, TextInput } from "@mantine/core";
import { useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLive, useTopic } from "../../api/live.tsx";
import type { RealtimeEvent } from "../../api/types.ts";
import { useLog } from "../../api/use-log.ts";
import { Empty } from "../../components/empty.tsx";
import { Failure } from "../../components/failure.tsx";
import { PageHeader } from "../../components/page-header.tsx";
import { tableHeight } from "../../components/table-height.ts";
import { useNumbers } from "../../components/use-numbers.ts";
import { useParam } from "../../components/use-param.ts";
import { VirtualTable } from "../../components/virtual-table.tsx";
import { useAuditColumns } from "./columns.tsx";
import { ACTIONS, isSought, mergeEntries, readEntry, type AuditEntry } from "./entry.ts";
import { EntryDetails } from "./entry-details.tsx";
import "../../components/parts.css";

/** What came live is in the log, too: more than this is left to it. */
const MOST_LIVE = 1000;
/** While fewer are found than fit, older ones are asked for. */
const FEW = 30;

/** What was done, by whom. */
export function AuditPage() {
  const { t } = useTranslation("audit");
  const { t: pages } = useTranslation("pages");
  const { count } = useNumbers();
  const [action = "", setAction] = useParam("action");
  const [person = "", setPerson] = useParam("person");
  const [live, setLive] = useState<readonly AuditEntry[]>([]);
  const [shown, setShown] = useState<AuditEntry>();
  const log = useLog("/api/socket/audit");
  const add = (event: RealtimeEvent): void => setLive((before) => [readEntry(event), ...before].slice(0, MOST_LIVE));
  const refusal = useTopic("@audit", add, log.reload);
  const following = useLive()?.state === "connected" && refusal === undefined;
  const all = useMemo(() => mergeEntries(live, log.events.map(readEntry)), [live, log.events]);
  const found = useMemo(() => all.filter((entry) => isSought(entry, { action, person })), [all, action, person]);
  const { more, busy, older, error } = log;
  useEffect(() => {
    if (found.length < FEW && more && !busy && error === null) older();
  }, [found.length, more, busy, error, older]);
  const columns = useAuditColumns(setShown);
  return (
    <Stack gap="sm">
      <PageHeader title={pages("audit")} description={t("description")} />
      <Group align="flex-end" gap="sm">
        <NativeSelect
          label={t("action")}
          value={action}
          data={[
            { value: "", label: t("allActions") },
            ...ACTIONS.map((value) => ({ value, label: t(`actions.${value}`) })),
          ]}
          onChange={({ currentTarget }) => setAction(currentTarget.value)}
        />
        <TextInput
          type="search"
          className="grow"
          label={t("person")}
          placeholder={t("personHint")}
          value={person}
          maxLength={128}
          onChange={({ currentTarget }) => setPerson(currentTarget.value)}
        />
      </Group>
      {refusal === undefined ? null : <Failure error={refusal} />}
      {error === null ? null : <Failure error={error} retry={log.reload} />}
      {log.loading ? (
        <Loader aria-label={t("loading")} />
      ) : error !== null && all.length === 0 ? null : (
        <>
          <Group justify="space-between">
            <Text size="sm" role="status">
              {t("shown", { shown: count(found.length), loaded: count(all.length) })}{" "}
              {t(following ? "live" : "notLive")}
            </Text>
            {more ? (
              <Button size="xs" variant="default" onClick={older} loading={busy}>
                {t("older")}
              </Button>
            ) : null}
          </Group>
          {found.length === 0 ? (
            <Empty title={t(all.length === 0 ? "none" : "noneMatch")}>
              {t(all.length === 0 ? "noneText" : "noneMatchText")}
            </Empty>
          ) : (
            <VirtualTable
              label={t("label")}
              columns={columns}
              rows={found}
              total={found.length}
              height={tableHeight(found.length, 280)}
              onEnd={more ? older : undefined}
              rowKey={({ id }) => id}
            />
          )}
        </>
      )}
      <EntryDetails entry={shown} close={() => setShown(undefined)} />
    </Stack>
  );
}

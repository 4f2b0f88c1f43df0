import { Group, Loader, SegmentedControl, Stack, Text } from "@mantine/core";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Member } from "../../api/types.ts";
import { useList } from "../../api/use-list.ts";
import { Empty } from "../../components/empty.tsx";
import { Failure } from "../../components/failure.tsx";
import { tableHeight } from "../../components/table-height.ts";
import { useNumbers } from "../../components/use-numbers.ts";
import { VirtualTable } from "../../components/virtual-table.tsx";
import { MemberDetails } from "./member-details.tsx";
import { usePeopleColumns, useSocketColumns } from "./member-columns.tsx";
import { peopleOf, type Person } from "./people.ts";

const REFETCH_MS = 5000;
/** What else is on the page, in pixels. */
const REST = 380;

/** Who joined a channel: as people, or as their sockets. */
export function MembersView({ path }: { readonly path: string }) {
  const { t } = useTranslation("channels");
  const { count } = useNumbers();
  const [by, setBy] = useState<"people" | "sockets">("people");
  const [shown, setShown] = useState<Person>();
  const list = useList<Member>(`${path}/members`, { refetchMs: REFETCH_MS });
  const people = useMemo(() => peopleOf(list.entries), [list.entries]);
  const peopleColumns = usePeopleColumns(setShown);
  const socketColumns = useSocketColumns((member) => setShown(peopleOf([member])[0]));
  if (list.loading) return <Loader aria-label={t("members.loading")} />;
  if (list.error !== null && list.entries.length === 0) return <Failure error={list.error} retry={list.reload} />;
  if (list.entries.length === 0) return <Empty title={t("members.none")}>{t("members.noneText")}</Empty>;
  const sockets = list.total ?? list.entries.length;
  return (
    <Stack gap="sm">
      <Group justify="space-between">
        <SegmentedControl
          aria-label={t("members.by")}
          value={by}
          onChange={(value) => setBy(value === "people" ? "people" : "sockets")}
          data={[
            { value: "people", label: t("members.people") },
            { value: "sockets", label: t("members.sockets") },
          ]}
        />
        <Text size="sm">
          {list.more
            ? t("members.some", { loaded: count(list.entries.length), sockets: count(sockets) })
            : t("members.all", { people: count(people.length), sockets: count(sockets) })}
        </Text>
      </Group>
      {by === "people" ? (
        <VirtualTable
          label={t("members.people")}
          columns={peopleColumns}
          rows={people}
          total={list.more ? undefined : people.length}
          height={tableHeight(people.length, REST)}
          onEnd={list.next}
          rowKey={({ key }) => key}
        />
      ) : (
        <VirtualTable
          label={t("members.sockets")}
          columns={socketColumns}
          rows={list.entries}
          total={list.total}
          height={tableHeight(list.entries.length, REST)}
          onEnd={list.next}
          rowKey={({ socketId }) => socketId}
        />
      )}
      <MemberDetails person={shown} close={() => setShown(undefined)} />
    </Stack>
  );
}

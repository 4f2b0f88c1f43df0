import { Group, Loader, Stack, Text, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { useCallback, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Channel } from "../../api/types.ts";
import { useList } from "../../api/use-list.ts";
import { Empty } from "../../components/empty.tsx";
import { Failure } from "../../components/failure.tsx";
import { PageHeader } from "../../components/page-header.tsx";
import { plural } from "../../components/plural.ts";
import { tableHeight } from "../../components/table-height.ts";
import { useNumbers } from "../../components/use-numbers.ts";
import { useParam } from "../../components/use-param.ts";
import { VirtualTable } from "../../components/virtual-table.tsx";
import { useChannelColumns, type Sorting } from "./channel-columns.tsx";
import { OpenChannel } from "./open-channel.tsx";
import { useBusiest } from "./use-busiest.ts";
import "../../components/parts.css";

const REFETCH_MS = 5000;
const DEBOUNCE_MS = 250;
/** Of the server. */
const MOST_SEARCHED = 255;

/** Every active channel. */
export function ChannelList() {
  const { t } = useTranslation("channels");
  const { t: pages } = useTranslation("pages");
  const { count } = useNumbers();
  const [search, setSearch] = useParam("search");
  const [sorting, sort] = useSorting();
  const busiest = useBusiest();
  const columns = useChannelColumns({ sorting, sort, busiest });
  const list = useList<Channel>("/api/socket/channels", {
    query: { search, sort: sorting.sort, order: sorting.order },
    refetchMs: REFETCH_MS,
  });
  const shown = list.total ?? (list.more ? undefined : list.entries.length);
  const unknown = list.error !== null && list.entries.length === 0;
  return (
    <Stack gap="sm">
      <PageHeader title={pages("channels")} description={t("description")} />
      <Group align="flex-end" gap="sm">
        <SearchField value={search ?? ""} change={setSearch} />
        <OpenChannel />
      </Group>
      {list.error === null || list.error === undefined ? null : <Failure error={list.error} retry={list.reload} />}
      {list.loading ? (
        <Loader aria-label={t("list.loading")} />
      ) : unknown ? null : (
        <>
          <Text size="sm" role="status">
            {shown === undefined
              ? t("list.loaded", { count: plural(list.entries.length), number: count(list.entries.length) })
              : t("list.total", { count: plural(shown), number: count(shown) })}
          </Text>
          {list.entries.length === 0 ? (
            <Empty title={t(search === undefined ? "list.none" : "list.noneFound")}>
              {t(search === undefined ? "list.noneText" : "list.noneFoundText")}
            </Empty>
          ) : (
            <VirtualTable
              label={pages("channels")}
              columns={columns}
              rows={list.entries}
              total={list.total}
              height={tableHeight(list.entries.length, 270)}
              onEnd={list.next}
              rowKey={nameOf}
            />
          )}
        </>
      )}
    </Stack>
  );
}

function nameOf({ name }: Channel): string {
  return name;
}

function SearchField({ value, change }: { readonly value: string; readonly change: (value: string) => void }) {
  const { t } = useTranslation("channels");
  const [typed, setTyped] = useState(value);
  const changeSoon = useDebouncedCallback(change, DEBOUNCE_MS);
  // By the browser's own buttons.
  useEffect(() => setTyped(value), [value]);
  return (
    <TextInput
      type="search"
      className="grow-wide"
      label={t("list.search")}
      placeholder={t("list.searchHint")}
      value={typed}
      maxLength={MOST_SEARCHED}
      onChange={({ currentTarget }) => {
        setTyped(currentTarget.value);
        changeSoon(currentTarget.value);
      }}
    />
  );
}

/** How the list is sorted, as the address has it. */
function useSorting(): [Sorting, (by: Sorting["sort"]) => void] {
  const [by, setBy] = useParam("sort");
  const [order, setOrder] = useParam("order");
  const sort = by === "members" || by === "subscribers" ? by : "name";
  const natural = sort === "name" ? "asc" : "desc";
  const sorting: Sorting = { sort, order: order === "asc" || order === "desc" ? order : natural };
  const change = useCallback(
    (chosen: Sorting["sort"]) => {
      if (chosen === sorting.sort) setOrder(sorting.order === "asc" ? "desc" : "asc");
      else {
        setOrder(undefined);
        setBy(chosen === "name" ? undefined : chosen);
      }
    },
    [sorting.sort, sorting.order, setBy, setOrder],
  );
  return [sorting, change];
}

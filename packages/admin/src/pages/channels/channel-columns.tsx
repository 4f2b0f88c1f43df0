import { Badge, UnstyledButton } from "@mantine/core";
import { useMemo, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Channel } from "../../api/types.ts";
import { To } from "../../components/to.tsx";
import { useNarrow } from "../../components/use-narrow.ts";
import { useNumbers } from "../../components/use-numbers.ts";
import type { Column } from "../../components/virtual-table.tsx";
import type { Busiest } from "./use-busiest.ts";

export interface Sorting {
  readonly sort: "name" | "members" | "subscribers";
  readonly order: "asc" | "desc";
}

export interface ChannelColumnsOptions {
  readonly sorting: Sorting;
  readonly sort: (by: Sorting["sort"]) => void;
  readonly busiest: Busiest;
}

/** How a list of channels is shown. */
export function useChannelColumns({ sorting, sort, busiest }: ChannelColumnsOptions): readonly Column<Channel>[] {
  const { t } = useTranslation("channels");
  const narrow = useNarrow();
  const { count, rate } = useNumbers();
  return useMemo(() => {
    const head = (by: Sorting["sort"], header: string): Pick<Column<Channel>, "key" | "header" | "sorted"> => {
      const sorted = sorting.sort !== by ? "none" : sorting.order === "asc" ? "ascending" : "descending";
      return {
        key: by,
        sorted,
        header: (
          <SortButton sorted={sorted} sort={() => sort(by)}>
            {header}
          </SortButton>
        ),
      };
    };
    const columns: Column<Channel>[] = [
      {
        ...head("name", t("list.name")),
        width: narrow ? "minmax(96px, 1fr)" : "minmax(140px, 1fr)",
        cell: ({ name }) => <To page="/socket" query={{ channel: name }} text={name} />,
      },
      {
        ...head("members", t("list.members")),
        width: narrow ? "78px" : "130px",
        align: "end",
        cell: ({ memberCount }) => count(memberCount),
      },
      {
        ...head("subscribers", t(narrow ? "list.subscribersShort" : "list.subscribers")),
        width: narrow ? "64px" : "150px",
        align: "end",
        cell: ({ subscriberCount }) => count(subscriberCount),
      },
    ];
    if (narrow) return columns;
    columns.push({
      key: "rate",
      header: t("list.rate"),
      width: "170px",
      align: "end",
      cell: ({ name }) => {
        const busy = busiest.get(name);
        return busy === undefined ? (
          "–"
        ) : (
          <Badge variant="light" tt="none">
            {t("list.perSecond", { rate: rate(busy) })}
          </Badge>
        );
      },
    });
    return columns;
  }, [t, narrow, count, rate, sorting.sort, sorting.order, sort, busiest]);
}

function SortButton({
  sorted,
  sort,
  children,
}: {
  readonly sorted: "ascending" | "descending" | "none";
  readonly sort: () => void;
  readonly children: ReactNode;
}) {
  const mark = sorted === "none" ? "" : sorted === "ascending" ? " ↑" : " ↓";
  return (
    <UnstyledButton className="sort-button" onClick={sort}>
      {children}
      <span aria-hidden>{mark}</span>
    </UnstyledButton>
  );
}

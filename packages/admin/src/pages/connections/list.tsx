import { Button, EmptyState, Loader, Text } from "@mantine/core";
import { useCallback, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "wouter";
import { useLive } from "../../api/live.tsx";
import { useList, type List } from "../../api/use-list.ts";
import type { Connection } from "../../api/types.ts";
import { Failure } from "../../components/failure.tsx";
import { PageHeader } from "../../components/page-header.tsx";
import { PageLink, pageAddress } from "../../components/page-link.tsx";
import { Plain } from "../../components/plain.tsx";
import { tableHeight } from "../../components/table-height.ts";
import { useNarrow } from "../../components/use-narrow.ts";
import { useNumbers } from "../../components/use-numbers.ts";
import { VirtualTable, type Column } from "../../components/virtual-table.tsx";
import { When } from "../../components/when.tsx";
import { looksThrough, readSearch, type ConnectionSearch } from "./search.ts";
import { SearchForm } from "./search-form.tsx";

const REFETCH_MS = 5000;

/** All connections of the tenant, or those that are searched for. */
export function ConnectionList() {
  const { t } = useTranslation("connections");
  const { t: pages } = useTranslation("pages");
  const { t: common } = useTranslation();
  const [query, setQuery] = useSearchParams();
  const search = readSearch(query);
  const { by, text } = search;
  const list = useList<Connection>("/api/socket/connections/list", {
    query: text === "" ? {} : { [by]: text },
    refetchMs: REFETCH_MS,
  });
  const columns = useColumns();
  const change = useCallback(
    (next: ConnectionSearch) => {
      setQuery(next.text === "" && next.by === "userId" ? {} : { by: next.by, search: next.text }, { replace: true });
    },
    [setQuery],
  );
  const empty = list.entries.length === 0 && !list.loading && !list.more && list.error === null;
  return (
    <>
      <PageHeader title={pages("connections")} description={t("description")} />
      <SearchForm search={search} change={change} />
      <Count search={search} list={list} />
      {list.error === null ? null : <Failure error={list.error} retry={list.reload} />}
      {list.loading && list.error === null ? <Loader aria-label={common("loading")} /> : null}
      {empty ? <Nothing search={search} clear={() => change({ by, text: "" })} /> : null}
      {list.entries.length === 0 && !list.more ? null : (
        <VirtualTable
          label={t("table")}
          columns={columns}
          rows={list.entries}
          total={looksThrough(search) ? undefined : list.total}
          height={tableHeight(list.entries.length, 300)}
          onEnd={list.next}
          rowKey={({ socketId }) => socketId}
        />
      )}
    </>
  );
}

/** How many there are, and how far a search has come. */
function Count({ search, list }: { readonly search: ConnectionSearch; readonly list: List<Connection> }) {
  const { t } = useTranslation("connections");
  const { count } = useNumbers();
  const { entries, total, more } = list;
  if (total === undefined) return null;
  const numbers = { found: count(entries.length), total: count(total) };
  // More of it comes by itself until the table is full.
  const searched = more ? (entries.length < FULL ? "looking" : "scroll") : "found";
  return (
    <Text size="sm" c="dimmed" mb="xs" role="status">
      {t(looksThrough(search) ? searched : "count", numbers)}
    </Text>
  );
}

/** So many rows fill any screen; what is behind them is looked for when somebody gets there. */
const FULL = 100;

function useColumns(): readonly Column<Connection>[] {
  const { t } = useTranslation("connections");
  const own = useLive()?.client.session?.socketId;
  const narrow = useNarrow();
  return useMemo(() => {
    const all: readonly (Column<Connection> & { readonly wide?: true })[] = [
      {
        key: "socketId",
        header: t("columns.socketId"),
        width: "minmax(172px, 2fr)",
        cell: ({ socketId }) => (
          <PageLink to="/connections" query={{ socketId }}>
            <Plain text={socketId} />
          </PageLink>
        ),
      },
      {
        key: "userId",
        header: t("columns.userId"),
        width: "minmax(0, 2fr)",
        cell: ({ userId, socketId }) =>
          userId === null ? (
            <Text span size="sm" c="dimmed">
              {t("anonymous")}
            </Text>
          ) : (
            <>
              <PageLink to="/users" query={{ userId }}>
                <Plain text={userId} />
              </PageLink>
              {socketId === own ? (
                <Text span size="sm" c="dimmed">
                  {" "}
                  ({t("thisPage")})
                </Text>
              ) : null}
            </>
          ),
      },
      {
        key: "address",
        header: t("columns.address"),
        width: "minmax(0, 1.4fr)",
        wide: true,
        cell: ({ address }) => <Text size="sm">{address === null ? t("unknown") : <Plain text={address} />}</Text>,
      },
      {
        key: "dialect",
        header: t("columns.dialect"),
        width: "80px",
        wide: true,
        cell: ({ dialect }) => <Text size="sm">{dialect}</Text>,
      },
      {
        key: "nodeId",
        header: t("columns.nodeId"),
        width: "minmax(0, 1.4fr)",
        wide: true,
        cell: ({ nodeId }) => <Plain text={nodeId} />,
      },
      {
        key: "connectedAt",
        header: t("columns.connectedAt"),
        width: "180px",
        wide: true,
        cell: ({ connectedAt }) => (
          <Text size="sm">
            <When at={connectedAt} />
          </Text>
        ),
      },
    ];
    return all.filter(({ wide }) => wide !== true || !narrow);
  }, [t, narrow, own]);
}

/** Nothing is there, and what one can do then. */
function Nothing({ search, clear }: { readonly search: ConnectionSearch; readonly clear: () => void }) {
  const { t } = useTranslation("connections");
  const { by, text } = search;
  if (text === "") {
    return (
      <EmptyState title={t("nobody.title")} description={t("nobody.text")} my="xl">
        <EmptyState.Actions>
          <Button component={Link} href="/playground" variant="default">
            {t("nobody.playground")}
          </Button>
        </EmptyState.Actions>
      </EmptyState>
    );
  }
  return (
    <EmptyState
      title={t("noneFound.title")}
      description={t(by === "userId" ? "noneFound.user" : "noneFound.text")}
      my="xl"
    >
      <EmptyState.Actions>
        {by === "userId" ? (
          <Button component={Link} href={pageAddress({ to: "/users", query: { userId: text } })}>
            {t("noneFound.report", { userId: text })}
          </Button>
        ) : null}
        <Button variant="default" onClick={clear}>
          {t("search.clear")}
        </Button>
      </EmptyState.Actions>
    </EmptyState>
  );
}

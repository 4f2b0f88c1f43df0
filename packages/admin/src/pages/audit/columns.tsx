import { UnstyledButton } from "@mantine/core";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { JsonPreview } from "../../components/json-preview.tsx";
import { Moment } from "../../components/moment.tsx";
import { Plain } from "../../components/plain.tsx";
import { To } from "../../components/to.tsx";
import { useNarrow } from "../../components/use-narrow.ts";
import type { Column } from "../../components/virtual-table.tsx";
import { When } from "../../components/when.tsx";
import { ACTIONS, type AuditEntry } from "./entry.ts";

const PAGES = { user: "/users", connection: "/connections", channel: "/socket" } as const;
const PARAMS = { user: "userId", connection: "socketId", channel: "channel" } as const;

/** How the audit is shown. */
export function useAuditColumns(show: (entry: AuditEntry) => void): readonly Column<AuditEntry>[] {
  const { t } = useTranslation("audit");
  const narrow = useNarrow();
  return useMemo(() => {
    const when: Column<AuditEntry> = {
      key: "when",
      header: t("when"),
      width: narrow ? "58px" : "180px",
      cell: ({ at }) => (narrow ? <Moment at={at} short /> : <When at={at} />),
    };
    const who: Column<AuditEntry> = {
      key: "who",
      header: t("who"),
      width: narrow ? "minmax(56px, 1fr)" : "minmax(80px, 1fr)",
      cell: ({ who: userId }) =>
        userId === null ? t("nobody") : <To page="/users" query={{ userId }} text={userId} />,
    };
    const did: Column<AuditEntry> = {
      key: "did",
      header: t("did"),
      width: narrow ? "minmax(90px, 1.5fr)" : "minmax(150px, 1fr)",
      cell: (entry) => <Did entry={entry} show={show} />,
    };
    const whom: Column<AuditEntry> = {
      key: "whom",
      header: t("whom"),
      width: narrow ? "minmax(64px, 1fr)" : "minmax(90px, 1.5fr)",
      cell: (entry) => <Targets entry={entry} most={1} />,
    };
    if (narrow) return [when, who, did, whom];
    return [
      when,
      who,
      did,
      whom,
      {
        key: "via",
        header: t("via"),
        width: "120px",
        cell: ({ via }) => <Via via={via} />,
      },
      {
        key: "details",
        header: t("details"),
        width: "minmax(120px, 1.5fr)",
        cell: ({ event: { payload } }) => (
          <JsonPreview value={(payload as { details?: unknown } | null)?.details ?? null} />
        ),
      },
    ];
  }, [t, narrow, show]);
}

/** By what somebody proved who they are. */
export function Via({ via }: { readonly via: string | null }) {
  const { t } = useTranslation("audit");
  if (via === "token" || via === "key" || via === "session") return t(`vias.${via}`);
  return via === null ? "–" : <Plain text={via} />;
}

/** To whom or what it was done, with links where there are pages. */
export function Targets({ entry: { targets, kind }, most }: { readonly entry: AuditEntry; readonly most: number }) {
  if (targets.length === 0) return "–";
  return (
    <>
      {targets.slice(0, most).map((target) =>
        kind === undefined ? (
          <Plain key={target} text={target} />
        ) : (
          <span key={target}>
            <To page={PAGES[kind]} query={{ [PARAMS[kind]]: target }} text={target} />{" "}
          </span>
        ),
      )}
      {targets.length > most ? <>+{targets.length - most}</> : null}
    </>
  );
}

/** What an action is called. */
export function useActionName(): (action: string) => string {
  const { t } = useTranslation("audit");
  return (action) => {
    const known = ACTIONS.find((one) => one === action);
    return known === undefined ? action : t(`actions.${known}`);
  };
}

function Did({ entry, show }: { readonly entry: AuditEntry; readonly show: (entry: AuditEntry) => void }) {
  const { t } = useTranslation("audit");
  const name = useActionName()(entry.action);
  return (
    <UnstyledButton
      className="row-button"
      aria-haspopup="dialog"
      aria-label={t("show", { who: entry.who ?? t("nobody"), did: name })}
      onClick={() => show(entry)}
    >
      {name}
    </UnstyledButton>
  );
}

import { Drawer, Stack } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Facts } from "../../components/facts.tsx";
import { JsonView } from "../../components/json-view.tsx";
import { To } from "../../components/to.tsx";
import { When } from "../../components/when.tsx";
import { Targets, useActionName, Via } from "./columns.tsx";
import type { AuditEntry } from "./entry.ts";

const MOST_TARGETS = 100;

export interface EntryDetailsProps {
  /** Absent: closed. */
  readonly entry: AuditEntry | undefined;
  readonly close: () => void;
}

/** All of one entry. */
export function EntryDetails({ entry, close }: EntryDetailsProps) {
  const { t } = useTranslation(["audit", "common"]);
  return (
    <Drawer
      opened={entry !== undefined}
      onClose={close}
      position="right"
      size="lg"
      title={t("audit:entry")}
      closeButtonProps={{ "aria-label": t("common:close") }}
    >
      {entry === undefined ? null : <Details entry={entry} />}
    </Drawer>
  );
}

function Details({ entry }: { readonly entry: AuditEntry }) {
  const { t } = useTranslation("audit");
  const actionName = useActionName();
  const { at, who, via, action, event } = entry;
  return (
    <Stack>
      <Facts
        facts={[
          [t("when"), <When key="when" at={at} />],
          [t("who"), who === null ? t("nobody") : <To key="who" page="/users" query={{ userId: who }} text={who} />],
          [t("via"), <Via key="via" via={via} />],
          [t("did"), actionName(action)],
          [t("whom"), <Targets key="whom" entry={entry} most={MOST_TARGETS} />],
        ]}
      />
      <JsonView value={event.payload} label={t("details")} />
    </Stack>
  );
}

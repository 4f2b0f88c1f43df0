import { useTranslation } from "react-i18next";
import type { ConnectionDetails } from "../../api/types.ts";
import { Ago } from "../../components/ago.tsx";
import { Facts } from "../../components/facts.tsx";
import { Plain } from "../../components/plain.tsx";

/** How a connection is made, and where it is. */
export function LinkFacts({ details }: { readonly details: ConnectionDetails }) {
  const { t } = useTranslation("connections");
  const { dialect, transport, address, nodeId, connectedAt } = details;
  return (
    <Facts
      facts={[
        [t("columns.dialect"), dialect],
        [t("details.transport"), transport],
        [t("columns.address"), address === null ? t("unknown") : <Plain text={address} />],
        [t("columns.nodeId"), <Plain text={nodeId} />],
        [t("columns.connectedAt"), <Ago at={connectedAt} />],
      ]}
    />
  );
}

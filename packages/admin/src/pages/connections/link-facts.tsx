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
        { label: t("columns.dialect"), value: dialect },
        { label: t("details.transport"), value: transport },
        { label: t("columns.address"), value: address === null ? t("unknown") : <Plain text={address} /> },
        { label: t("columns.nodeId"), value: <Plain text={nodeId} /> },
        { label: t("columns.connectedAt"), value: <Ago at={connectedAt} /> },
      ]}
    />
  );
}

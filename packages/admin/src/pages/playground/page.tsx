import { useTranslation } from "react-i18next";
import { useSession } from "../../app/session.tsx";
import { PageHeader } from "../../components/page-header.tsx";
import { Bench } from "./bench.tsx";
import "./playground.css";

/** Connections of any dialect, to try things with. */
export function PlaygroundPage() {
  const { t } = useTranslation("playground");
  const { t: pages } = useTranslation("pages");
  const { tenantId } = useSession();
  return (
    <>
      <PageHeader title={pages("playground")} description={t("description")} />
      {/* Tokens are of one tenant. */}
      <Bench key={tenantId} />
    </>
  );
}

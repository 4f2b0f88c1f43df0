import { useTranslation } from "react-i18next";
import { PageHeader } from "../../components/page-header.tsx";

export function ConnectionsPage() {
  const { t } = useTranslation("connections");
  return <PageHeader title={t("title")} />;
}

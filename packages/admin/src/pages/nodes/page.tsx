import { useTranslation } from "react-i18next";
import { PageHeader } from "../../components/page-header.tsx";

export function NodesPage() {
  const { t } = useTranslation("nodes");
  return <PageHeader title={t("title")} />;
}

import { useTranslation } from "react-i18next";
import { PageHeader } from "../../components/page-header.tsx";

export function OverviewPage() {
  const { t } = useTranslation("overview");
  return <PageHeader title={t("title")} />;
}

import { useTranslation } from "react-i18next";
import { PageHeader } from "../../components/page-header.tsx";

export function SignInPage() {
  const { t } = useTranslation("signIn");
  return <PageHeader title={t("title")} />;
}

import { Alert, Button } from "@mantine/core";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { When } from "../components/when.tsx";
import { useSession } from "./session.tsx";

/** How long before its end, in milliseconds, somebody is told that the session ends. */
const EARLY = 300_000;

/** The server has another version than the one that sent this page. */
export function Upgraded() {
  const { t } = useTranslation();
  const { session, settings } = useSession();
  if (session.version === settings.version) return null;
  return (
    <Alert color="yellow" mb="md" title={t("upgraded.title")} role="status">
      <Button size="xs" variant="default" onClick={() => window.location.reload()}>
        {t("upgraded.reload")}
      </Button>
    </Alert>
  );
}

/** The session ends soon. */
export function Ending() {
  const { t } = useTranslation();
  const { expiresAt } = useSession().session;
  const [soon, setSoon] = useState(false);
  useEffect(() => {
    setSoon(false);
    const timer = setTimeout(() => setSoon(true), Math.min(Math.max(expiresAt - EARLY - Date.now(), 0), 2 ** 31 - 1));
    return () => clearTimeout(timer);
  }, [expiresAt]);
  if (!soon) return null;
  return (
    <Alert color="yellow" mb="md" title={t("ending.title")} role="status">
      {t("ending.text")} <When at={expiresAt} />
    </Alert>
  );
}

import { Alert, Button, Group, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { Failure } from "../../components/failure.tsx";
import { pageAddress } from "../../components/page-link.tsx";
import { useMoment } from "../../components/use-moment.ts";
import type { WatchedConnection } from "./use-connection.ts";

/** Says when what is shown of a connection is not how things are now, and why. */
export function Standing({ watched }: { readonly watched: WatchedConnection }) {
  const { t } = useTranslation("connections");
  const moment = useMoment();
  const { details, state, at, nodeDied, error, reload } = watched;
  if (state === "loading" || state === "live") return null;
  if (state === "failed") {
    return (
      <div>
        <Failure error={error} retry={reload} />
        {details === undefined ? null : <Text size="sm">{t("details.stale", { at: moment(at) })}</Text>}
      </div>
    );
  }
  const known = { at: moment(at), nodeId: details?.nodeId ?? "" };
  if (state === "silent") {
    return (
      <Alert color="orange" role="alert" title={t("details.silent.title")}>
        {details === undefined ? t("details.silent.never") : t("details.silent.text", known)}
      </Alert>
    );
  }
  const userId = details?.userId ?? undefined;
  return (
    <Alert color="orange" role="alert" title={t("details.gone.title")}>
      <Text size="sm">
        {details === undefined
          ? t("details.gone.never")
          : t(nodeDied ? "details.gone.nodeDied" : "details.gone.text", known)}
      </Text>
      <Group gap="xs" mt="sm">
        <Button component={Link} href="/connections" size="xs" variant="default">
          {t("details.back")}
        </Button>
        {userId === undefined ? null : (
          <Button component={Link} href={pageAddress({ to: "/users", query: { userId } })} size="xs" variant="default">
            {t("details.gone.report", { userId })}
          </Button>
        )}
      </Group>
    </Alert>
  );
}

import { Badge, Button, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Connection, UserReport } from "../../api/types.ts";
import { Ago } from "../../components/ago.tsx";
import { DataTable } from "../../components/data-table.tsx";
import { PageLink } from "../../components/page-link.tsx";
import { Plain } from "../../components/plain.tsx";
import { useNumbers } from "../../components/use-numbers.ts";
import { followed, type Evidence, type LookedAt } from "./diagnosis.ts";

export interface UserConnectionsProps {
  readonly channel: string;
  readonly report: UserReport;
  readonly evidence: Evidence | undefined;
  readonly testRule: (channel: string, socketId: string) => void;
}

/** Where a user is connected, and whether each connection follows the channel. */
export function UserConnections({ channel, report, evidence, testRule }: UserConnectionsProps) {
  const { t } = useTranslation("users");
  const { t: connections } = useTranslation("connections");
  const { count } = useNumbers();
  const find = ({ socketId }: Connection): LookedAt | undefined =>
    evidence?.connections.find((one) => one.connection.socketId === socketId);
  return (
    <DataTable
      label={t("connected")}
      rows={report.connections}
      rowKey={({ socketId }) => socketId}
      showAll={connections("details.more", { total: count(report.connections.length) })}
      columns={[
        {
          header: connections("columns.socketId"),
          cell: ({ socketId }) => (
            <PageLink to="/connections" query={{ socketId }}>
              <Plain text={socketId} />
            </PageLink>
          ),
        },
        {
          header: t("follows"),
          cell: (connection) => <Follows channel={channel} looked={find(connection)} ready={evidence !== undefined} />,
        },
        {
          header: t("allowed"),
          cell: (connection) => (
            <Allowed rule={find(connection)?.rule} test={() => testRule(channel, connection.socketId)} />
          ),
        },
        { header: t("since"), cell: ({ connectedAt }) => <Ago at={connectedAt} /> },
        {
          header: t("incident.where"),
          cell: ({ dialect, address, nodeId }) => (
            <Stack gap={2}>
              <Text size="sm" component="div">
                {dialect}, {address === null ? connections("unknown") : <Plain text={address} />}
              </Text>
              <Text size="sm" c="dimmed" component="div">
                {t("incident.node")} <Plain text={nodeId} />
              </Text>
            </Stack>
          ),
        },
      ]}
    />
  );
}

function Follows(props: { readonly channel: string; readonly looked: LookedAt | undefined; readonly ready: boolean }) {
  const { t } = useTranslation("users");
  const { t: connections } = useTranslation("connections");
  const { looked, channel } = props;
  if (looked === undefined)
    return <Text size="sm">{props.ready ? t("mayFollow.unknown") : t("following.looking")}</Text>;
  const { details } = looked;
  if (typeof details === "string") return <Text size="sm">{t(`following.${details}`)}</Text>;
  const subscription = followed(details, channel);
  if (subscription === undefined) {
    return (
      <Badge variant="outline" color="red">
        {t("following.no")}
      </Badge>
    );
  }
  const { by, filter, lagging } = subscription;
  return (
    <Stack gap={4}>
      <Badge variant="outline" color={lagging ? "orange" : "teal"}>
        {lagging ? connections("details.lagging") : t("following.yes")}
      </Badge>
      <Text size="sm">{connections(`details.rights.${by}`)}</Text>
      {filter === undefined ? null : <Plain text={JSON.stringify(filter)} most={200} />}
    </Stack>
  );
}

function Allowed({ rule, test }: { readonly rule: LookedAt["rule"]; readonly test: () => void }) {
  const { t } = useTranslation("users");
  const { t: settings } = useTranslation("settings");
  const allowed = rule?.decisions?.subscribe.allowed;
  return (
    <Stack gap={4} align="flex-start">
      <Text size="sm">
        {t(allowed === undefined ? "mayFollow.unknown" : allowed ? "mayFollow.yes" : "mayFollow.no")}
      </Text>
      <Button size="compact-xs" variant="default" onClick={test}>
        {settings("tester.open")}
      </Button>
    </Stack>
  );
}

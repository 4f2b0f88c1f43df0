import { Badge, Button, Group, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Incident } from "../api/types.ts";
import { Ago } from "./ago.tsx";
import { DataTable } from "./data-table.tsx";
import { PageLink } from "./page-link.tsx";
import { Plain } from "./plain.tsx";
import { useCauses } from "./use-causes.ts";
import { useNumbers } from "./use-numbers.ts";

export interface IncidentsProps {
  readonly label: string;
  readonly incidents: readonly Incident[];
  readonly showAll: string;
  /** Opens the rule tester for a refusal. */
  readonly testRule: (incident: Incident & { readonly channel: string }) => void;
}

const COLOURS = { refused: "red", ended: "gray", dropped: "orange" } as const;

/** What went wrong, newest first, and what it means. */
export function Incidents({ label, incidents, showAll, testRule }: IncidentsProps) {
  const { t } = useTranslation("users");
  return (
    <DataTable
      label={label}
      rows={incidents}
      rowKey={(_, index) => String(index)}
      showAll={showAll}
      columns={[
        { header: t("incident.at"), cell: ({ at }) => <Ago at={at} /> },
        { header: t("incident.what"), cell: (incident) => <What incident={incident} testRule={testRule} /> },
        { header: t("incident.where"), cell: (incident) => <Where incident={incident} /> },
      ]}
    />
  );
}

function What({ incident, testRule }: { readonly incident: Incident } & Pick<IncidentsProps, "testRule">) {
  const { t } = useTranslation("users");
  const causes = useCauses();
  const { count } = useNumbers();
  const { kind, code, message, command, channel, times = 1 } = incident;
  return (
    <Stack gap={4}>
      <Group gap="xs">
        <Badge variant="outline" color={COLOURS[kind]}>
          {t(`incident.kinds.${kind}`)}
        </Badge>
        <code>{code}</code>
        {times === 1 ? null : <Text size="sm">{t("incident.times", { times: count(times) })}</Text>}
        {command === undefined ? null : <Plain text={command} />}
        {channel === undefined ? null : (
          <PageLink to="/socket" query={{ channel }}>
            <Plain text={channel} most={300} />
          </PageLink>
        )}
      </Group>
      <Text size="sm">{causes.what(incident)}</Text>
      <Text size="sm" c="dimmed">
        {causes.fix(incident)}
      </Text>
      {message === undefined ? null : (
        <Text size="sm" c="dimmed" component="div">
          {t("incident.said")} <Plain text={message} />
        </Text>
      )}
      {code === "FORBIDDEN" && channel !== undefined ? (
        <div>
          <Button size="compact-sm" variant="default" onClick={() => testRule({ ...incident, channel })}>
            {t("openTester")}
          </Button>
        </div>
      ) : null}
    </Stack>
  );
}

function Where({ incident: { socketId, nodeId, dialect } }: { readonly incident: Incident }) {
  const { t } = useTranslation("users");
  return (
    <Stack gap={2}>
      {socketId === undefined ? null : (
        <PageLink to="/connections" query={{ socketId }}>
          <Plain text={socketId} />
        </PageLink>
      )}
      {dialect === undefined ? null : <Text size="sm">{dialect}</Text>}
      <Text size="sm" c="dimmed" component="div">
        {t("incident.node")} <Plain text={nodeId} />
      </Text>
    </Stack>
  );
}

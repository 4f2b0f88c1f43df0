import { Badge, Group, Progress, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { ConnectionDetails } from "../../api/types.ts";
import { DataTable } from "../../components/data-table.tsx";
import { useNumbers } from "../../components/use-numbers.ts";

/** What passes over a connection, and what waits. */
export function Traffic({ details: { backlog, rates, totals } }: { readonly details: ConnectionDetails }) {
  const { t } = useTranslation("connections");
  const { count, rate, bytes } = useNumbers();
  const waiting = t("details.backlogOf", { bytes: bytes(backlog.bytes), limit: bytes(backlog.limit) });
  return (
    <Stack gap="sm">
      <div>
        <Group gap="xs" justify="space-between" mb={4}>
          <Text size="sm" c="dimmed">
            {t("details.backlog")}
          </Text>
          <Group gap="xs">
            <Text size="sm">{waiting}</Text>
            {backlog.overloaded ? (
              <Badge color="orange" variant="outline">
                {t("details.overloaded")}
              </Badge>
            ) : null}
          </Group>
        </Group>
        <Progress
          value={backlog.limit === 0 ? 0 : Math.min(100, (100 * backlog.bytes) / backlog.limit)}
          color={backlog.overloaded ? "orange" : "indigo"}
          aria-label={t("details.backlog")}
        />
      </div>
      <DataTable
        label={t("details.traffic")}
        narrow
        rowKey={({ key }) => key}
        rows={[
          { key: "commands" as const, now: rate(rates.commandsPerSecond), total: count(totals.commands) },
          { key: "refused" as const, now: "", total: count(totals.refused) },
          { key: "events" as const, now: rate(rates.eventsPerSecond), total: count(totals.events) },
          { key: "dropped" as const, now: "", total: count(totals.dropped) },
          { key: "bytes" as const, now: bytes(rates.bytesPerSecond), total: bytes(totals.bytes) },
        ]}
        columns={[
          { header: t("details.quantity"), cell: ({ key }) => t(`details.${key}`) },
          { header: t("details.rates"), cell: ({ now }) => now },
          { header: t("details.totals"), cell: ({ total }) => total },
        ]}
      />
    </Stack>
  );
}

import { Alert, Badge, Button, Group, Paper, Skeleton, Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { NodeInfo } from "../../api/types.ts";
import { useSession } from "../../app/session.tsx";
import { Duration } from "../../components/duration.tsx";
import { Failure } from "../../components/failure.tsx";
import { Figures, type Figure } from "../../components/figures.tsx";
import { PageHeader } from "../../components/page-header.tsx";
import { Plain } from "../../components/plain.tsx";
import { useNumbers } from "../../components/use-numbers.ts";
import { When } from "../../components/when.tsx";

const EVERY = 5000;

/** The nodes of the cluster, and how each is. */
export function NodesPage() {
  const { t } = useTranslation("nodes");
  const { t: pages } = useTranslation("pages");
  const { t: common } = useTranslation();
  const { rest } = useSession();
  const { data, error, isPending, dataUpdatedAt, refetch, isFetching } = useQuery({
    queryKey: ["nodes"],
    queryFn: async ({ signal }) => await rest.get<readonly NodeInfo[]>("/api/cluster/nodes", { signal }),
    refetchInterval: EVERY,
  });
  const versions = [...new Set(data?.flatMap(({ version }) => version ?? []))];
  return (
    <>
      <PageHeader title={pages("nodes")} description={t("description")}>
        <Button size="xs" variant="default" loading={isFetching && isPending} onClick={() => void refetch()}>
          {common("reload")}
        </Button>
      </PageHeader>
      {error === null ? null : <Failure error={error} retry={() => void refetch()} />}
      {error !== null && data !== undefined ? (
        <Text size="sm" c="dimmed">
          {t("asOf")} <When at={dataUpdatedAt} />
        </Text>
      ) : null}
      {versions.length > 1 ? (
        <Alert color="yellow" mb="sm" title={t("versions", { versions: versions.join(", ") })} />
      ) : null}
      {isPending && error === null ? <Skeleton h={200} role="status" aria-label={common("loading")} /> : null}
      <Stack>
        {data?.map((node) => (
          <Node key={node.nodeId} node={node} now={dataUpdatedAt} />
        ))}
      </Stack>
    </>
  );
}

function Node({ node, now }: { readonly node: NodeInfo; readonly now: number }) {
  const { t } = useTranslation("nodes");
  const { nodeId, host, pid, version, startedAt } = node;
  const figures = useFigures(node);
  return (
    <Paper withBorder p="md" component="article" aria-label={nodeId}>
      <Group justify="space-between" mb="xs">
        <Title order={2} size="h4">
          <Plain text={nodeId} />
        </Title>
        <Group gap="xs">
          <State node={node} />
        </Group>
      </Group>
      <Text size="sm" c="dimmed" mb="sm">
        {version === null ? null : (
          <>
            {t("version")} <Plain text={version} /> ·{" "}
          </>
        )}
        {host === null ? null : (
          <>
            {t("process")} <Plain text={pid === null ? host : `${host}:${pid}`} /> ·{" "}
          </>
        )}
        {t("started")} <When at={startedAt} /> (<Duration milliseconds={now - startedAt} />)
      </Text>
      {figures.length === 0 ? <Text>{t("unknown")}</Text> : <Figures label={nodeId} figures={figures} />}
      {node.broker?.error === null || node.broker === null ? null : (
        <Alert color="red" mt="sm" title={t("broker.broken")}>
          <Plain text={node.broker.error} />
        </Alert>
      )}
    </Paper>
  );
}

function State({ node }: { readonly node: NodeInfo }) {
  const { t } = useTranslation("nodes");
  const { reachable, draining, broker } = node;
  return (
    <>
      {!reachable ? (
        <Badge color="red" variant="light">
          {t("unreachable")}
        </Badge>
      ) : draining === true ? (
        <Badge color="yellow" variant="light">
          {t("draining")}
        </Badge>
      ) : (
        <Badge color="teal" variant="light">
          {t("serving")}
        </Badge>
      )}
      {broker === null ? null : (
        <Badge color={broker.healthy ? "teal" : "red"} variant="light">
          {t(`broker.${broker.kind}`)}: {broker.healthy ? t("broker.healthy") : t("broker.away")}
        </Badge>
      )}
    </>
  );
}

/** Nothing where the node did not answer. */
function useFigures({ connections, channels, broker, latest }: NodeInfo): Figure[] {
  const { t } = useTranslation("nodes");
  const { count, rate, bytes, milliseconds, percent } = useNumbers();
  if (connections === null || channels === null) return [];
  const ofBroker: Figure[] =
    broker?.latencyMs === null || broker === null
      ? []
      : [{ label: t("broker.latency"), value: milliseconds(broker.latencyMs) }];
  const figures: Figure[] = [
    { label: t("connections"), value: count(connections) },
    { label: t("channels"), value: count(channels) },
    ...ofBroker,
  ];
  if (latest === null) return figures;
  return [
    ...figures,
    { label: t("in"), value: rate(latest.in) },
    { label: t("out"), value: rate(latest.out) },
    { label: t("cpu"), value: percent(latest.cpu) },
    { label: t("memory"), value: bytes(latest.rss), note: t("heap", { heap: bytes(latest.heap) }) },
    { label: t("loop"), value: milliseconds(latest.loop[1]), note: t("loopNote") },
    { label: t("backlog"), value: bytes(latest.backlog), note: t("slow", { count: latest.slow }) },
  ];
}

import { Alert, SegmentedControl, SimpleGrid, Skeleton, Stack, Text, Title } from "@mantine/core";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { useLive } from "../../api/live.tsx";
import { useSession } from "../../app/session.tsx";
import { ErrorBoundary } from "../../components/error-boundary.tsx";
import { Failure } from "../../components/failure.tsx";
import { Figures, type Figure } from "../../components/figures.tsx";
import { PageHeader } from "../../components/page-header.tsx";
import { useNumbers } from "../../components/use-numbers.ts";
import { useParam } from "../../components/use-param.ts";
import { When } from "../../components/when.tsx";
import { Busiest } from "./busiest.tsx";
import { NodeTable } from "./node-table.tsx";
import { sumUp, type Now } from "./now.ts";
import { Refusals } from "./refusals.tsx";
import { useStats, type Scope } from "./use-stats.ts";

const Charts = lazy(async () => ({ default: (await import("./charts.tsx")).Charts }));

/** What goes on: of all nodes for operators, of the tenant for admins. */
export function OverviewPage() {
  const { t } = useTranslation("overview");
  const { t: pages } = useTranslation("pages");
  const { operator, tenantId } = useSession();
  const [chosen, choose] = useParam("scope");
  const scope: Scope = operator && chosen !== "tenant" ? "cluster" : "tenant";
  return (
    <>
      <PageHeader
        title={pages("overview")}
        description={scope === "cluster" ? t("ofCluster") : t("ofTenant", { tenant: tenantId })}
      >
        {operator ? (
          <SegmentedControl
            aria-label={t("scope")}
            size="xs"
            value={scope}
            onChange={(value) => choose(value === "tenant" ? value : undefined)}
            data={[
              { value: "cluster", label: t("allTenants") },
              { value: "tenant", label: t("oneTenant") },
            ]}
          />
        ) : null}
      </PageHeader>
      <Numbers key={scope} scope={scope} />
    </>
  );
}

function Numbers({ scope }: { readonly scope: Scope }) {
  const { t } = useTranslation("overview");
  const { t: pages } = useTranslation("pages");
  const { readings, points, unreachable, loading, error, retry } = useStats(scope);
  const figures = useFigures(sumUp(readings), scope);
  if (loading && error === null) return <Skeleton h={320} role="status" aria-label={t("loading")} />;
  // No numbers are not numbers of nothing.
  if (readings.length === 0 && error !== null && error !== undefined) return <Failure error={error} retry={retry} />;
  const now = sumUp(readings);
  return (
    <Stack>
      {error === null || error === undefined ? null : <Failure error={error} retry={retry} />}
      {unreachable.length === 0 ? null : (
        <Alert color="yellow" title={t("unreachable", { nodes: unreachable.join(", ") })} />
      )}
      <Standstill at={Math.max(0, ...readings.map((reading) => reading.t))} />
      <Figures label={pages("overview")} figures={figures} />
      {scope === "cluster" ? (
        <section>
          <Title order={2} size="h4" mb="xs">
            {t("nodes")}
          </Title>
          <NodeTable readings={readings} />
          {readings.length < 2 ? null : (
            <Text size="xs" c="dimmed" mt={4}>
              {t("sums")}
            </Text>
          )}
        </section>
      ) : null}
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <section>
          <Title order={2} size="h4" mb="xs">
            {t("busiest")}
          </Title>
          <Busiest channels={now.busiest} />
        </section>
        <section>
          <Title order={2} size="h4" mb="xs">
            {t("refusals")}
          </Title>
          <Refusals refusals={now.refusals} />
        </section>
      </SimpleGrid>
      <section>
        <Title order={2} size="h4" mb="xs">
          {t("past")}
        </Title>
        <ErrorBoundary>
          <Suspense fallback={<Skeleton h={240} role="status" aria-label={t("loading")} />}>
            <Charts points={points} scope={scope} />
          </Suspense>
        </ErrorBoundary>
      </section>
    </Stack>
  );
}

/** Says of when the numbers are while none come. */
function Standstill({ at }: { readonly at: number }) {
  const { t } = useTranslation("overview");
  const state = useLive()?.state;
  if (at === 0 || (state !== "reconnecting" && state !== "disconnected")) return null;
  return (
    <Alert color="yellow" role="status">
      {t("standstill")} <When at={at} />
    </Alert>
  );
}

function useFigures(now: Now, scope: Scope): Figure[] {
  const { t } = useTranslation("overview");
  const { count, rate, bytes, milliseconds } = useNumbers();
  const [p50, p95, p99] = now.latency ?? [];
  const time = (value: number | undefined): string => (value === undefined ? "–" : milliseconds(value));
  const ofAll: Figure[] = [
    { label: t("columns.connections"), value: count(now.connections) },
    { label: t("columns.channels"), value: count(now.channels) },
    { label: t("columns.in"), value: rate(now.in) },
    { label: t("columns.out"), value: rate(now.out) },
    { label: t("columns.refused"), value: rate(now.refused) },
  ];
  if (scope === "tenant") return ofAll;
  return [
    ...ofAll,
    { label: t("latency50"), value: time(p50), note: t("latencyNote") },
    { label: t("latency95"), value: time(p95), note: t("latencyNote") },
    { label: t("latency99"), value: time(p99), note: t("latencyNote") },
    { label: t("columns.backlog"), value: bytes(now.backlog), note: t("slow", { count: now.slow }) },
    { label: t("columns.rss"), value: bytes(now.rss), note: t("loopNote", { delay: milliseconds(now.loop[1]) }) },
  ];
}

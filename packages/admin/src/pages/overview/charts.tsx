import { Paper, SimpleGrid, Text } from "@mantine/core";
import { useId, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useNumbers } from "../../components/use-numbers.ts";
import { LineChart } from "./line-chart.tsx";
import type { Scope } from "./use-stats.ts";
import type { Point } from "./timeline.ts";

type Name = Exclude<keyof Point, "t">;

interface Series {
  readonly name: Name;
  readonly color: string;
  readonly dash?: readonly number[];
}

interface Chart {
  readonly key: "events" | "connections" | "latency" | "refused" | "loop" | "memory" | "backlog";
  readonly unit: "rate" | "count" | "milliseconds" | "bytes";
  readonly series: readonly Series[];
}

const OF_ALL: readonly Chart[] = [
  {
    key: "events",
    unit: "rate",
    series: [
      { name: "in", color: "indigo-6" },
      { name: "out", color: "teal-7", dash: [6, 3] },
    ],
  },
  { key: "connections", unit: "count", series: [{ name: "connections", color: "indigo-6" }] },
  { key: "refused", unit: "rate", series: [{ name: "refused", color: "red-7" }] },
];
const OF_NODES: readonly Chart[] = [
  {
    key: "latency",
    unit: "milliseconds",
    series: [
      { name: "p50", color: "indigo-6" },
      { name: "p95", color: "teal-7", dash: [6, 3] },
      { name: "p99", color: "red-7", dash: [2, 2] },
    ],
  },
  { key: "loop", unit: "milliseconds", series: [{ name: "loop", color: "indigo-6" }] },
  { key: "memory", unit: "bytes", series: [{ name: "rss", color: "indigo-6" }] },
  { key: "backlog", unit: "bytes", series: [{ name: "backlog", color: "indigo-6" }] },
];

/** Between two marks of an axis: no halves of what is counted, and bytes by powers of two. */
const STEPS: Partial<Record<Chart["unit"], readonly number[]>> = {
  count: Array.from({ length: 10 }, (_, power) => [1, 2, 5].map((digit) => digit * 10 ** power)).flat(),
  bytes: Array.from({ length: 44 }, (_, power) => 2 ** power),
};

/** The last quarter of an hour. Loaded after the numbers of now, which do not wait for it. */
export function Charts({ points, scope }: { readonly points: readonly Point[]; readonly scope: Scope }) {
  const charts = scope === "cluster" ? [...OF_ALL, ...OF_NODES] : OF_ALL;
  return (
    <SimpleGrid cols={{ base: 1, md: 2, xl: 3 }} spacing="sm">
      {charts.map((chart) => (
        <OneChart key={chart.key} chart={chart} points={points} />
      ))}
    </SimpleGrid>
  );
}

function OneChart({ chart, points }: { readonly chart: Chart; readonly points: readonly Point[] }) {
  const { t } = useTranslation("overview");
  const format = useNumbers()[chart.unit];
  const title = useId();
  const lines = useMemo(
    () => chart.series.map(({ name, ...look }) => ({ label: t(`series.${name}`), ...look })),
    [chart, t],
  );
  const times = useMemo(() => points.map((point) => point.t), [points]);
  const values = useMemo(() => chart.series.map(({ name }) => points.map((point) => point[name])), [chart, points]);
  return (
    <Paper withBorder p="sm" component="figure" m={0} aria-labelledby={title}>
      <figcaption id={title}>
        <Text fw={600} size="sm">
          {t(`charts.${chart.key}`)}
        </Text>
        {chart.series.map(({ name }) => (
          <Text key={name} size="xs" c="dimmed">
            {t("chartText", { name: t(`series.${name}`), ...highest(points, name, format) })}
          </Text>
        ))}
      </figcaption>
      <LineChart
        time={t("time")}
        lines={lines}
        times={times}
        values={values}
        format={format}
        steps={STEPS[chart.unit]}
      />
    </Paper>
  );
}

/** What the line says, in words. */
function highest(
  points: readonly Point[],
  name: Name,
  format: (value: number) => string,
): { now: string; most: string } {
  const values = points.map((point) => point[name]).filter((value) => value !== null);
  const now = values.at(-1);
  return { now: now === undefined ? "–" : format(now), most: now === undefined ? "–" : format(Math.max(...values)) };
}

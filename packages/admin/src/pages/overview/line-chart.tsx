import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useMemo, useRef } from "react";
import UPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useLocale } from "../../components/use-locale.ts";
import "./line-chart.css";

export interface Line {
  readonly label: string;
  /** One of the theme's colours: `indigo-6`. */
  readonly color: string;
  /** Lengths of strokes and gaps in pixels; without, the line is whole. */
  readonly dash?: readonly number[];
}

export interface LineChartProps {
  /** What times are called. */
  readonly time: string;
  readonly lines: readonly Line[];
  /** In milliseconds since 1970, ascending. */
  readonly times: readonly number[];
  /** Of each line, one for each time; null leaves a gap. */
  readonly values: readonly (readonly (number | null)[])[];
  readonly format: (value: number) => string;
  /** What may lie between two marks of the vertical axis, ascending; anything unless given. */
  readonly steps: readonly number[] | undefined;
}

const HEIGHT = 200;
const MINUTE = 60_000;
const NOTHING = "–";
/** Pointing at a time in one chart shows it in all. */
const TOGETHER = "overview";

/** Values over time, from 0 up; what one points at is told below. For eyes alone: what it says must also stand in words. */
export function LineChart({ time, lines, times, values, format, steps }: LineChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<UPlot>(null);
  const colours = useComputedColorScheme();
  const locale = useLocale();
  const data = useMemo(() => [times, ...values] as unknown as UPlot.AlignedData, [times, values]);
  const latest = useRef(data);
  latest.current = data;

  useEffect(() => {
    const { current: element } = place;
    if (element === null) return;
    const style = getComputedStyle(element);
    const colour = (name: string): string => style.getPropertyValue(`--mantine-color-${name}`);
    const drawn = new UPlot(
      { width: element.clientWidth, height: HEIGHT, ...options({ time, lines, format, steps, locale, colour }) },
      latest.current,
      element,
    );
    chart.current = drawn;
    const resized = new ResizeObserver(() => drawn.setSize({ width: element.clientWidth, height: HEIGHT }));
    resized.observe(element);
    return () => {
      resized.disconnect();
      drawn.destroy();
      chart.current = null;
    };
    // The colours are read from the page, which has others then.
  }, [time, lines, format, steps, locale, colours]);

  useEffect(() => chart.current?.setData(data), [data]);
  return <div ref={place} aria-hidden="true" />;
}

type Look = Pick<LineChartProps, "time" | "lines" | "format" | "steps"> & {
  readonly locale: string;
  readonly colour: (name: string) => string;
};

function options({ time, lines, format, steps, locale, colour }: Look): Omit<UPlot.Options, "width" | "height"> {
  const minute = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });
  const second = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const marks = { stroke: colour("default-border"), width: 1 };
  const axis: UPlot.Axis = { stroke: colour("dimmed"), font: "12px system-ui", grid: marks, ticks: marks };
  return {
    ms: 1,
    series: [
      { label: time, value: (_chart, at) => (at === null ? NOTHING : second.format(at)) },
      ...lines.map(({ label, color, dash }) => ({
        label,
        stroke: colour(color),
        width: 2,
        points: { show: (chart: UPlot, index: number) => isShort(chart.data[index]), fill: colour(color), size: 6 },
        value: (_chart: UPlot, value: number | null) => (value === null ? NOTHING : format(value)),
        ...(dash === undefined ? undefined : { dash: [...dash] }),
      })),
    ],
    scales: { y: { range: (_chart, _least, most) => [0, most > 0 ? most * 1.1 : 1] } },
    axes: [
      {
        ...axis,
        incrs: [MINUTE, 2 * MINUTE, 5 * MINUTE],
        values: (_chart, marked) => marked.map((at) => minute.format(at)),
      },
      {
        ...axis,
        size: 70,
        values: (_chart, marked) => marked.map(format),
        ...(steps === undefined ? undefined : { incrs: [...steps] }),
      },
    ],
    legend: { markers: { dash: (_chart, index) => (lines[index - 1]?.dash === undefined ? "solid" : "dashed") } },
    cursor: { y: false, drag: { x: false, y: false }, sync: { key: TOGETHER } },
  };
}

/** Whether so little is known that it makes no line that one sees. */
function isShort(values: ArrayLike<number | null | undefined> = []): boolean {
  return Array.from(values).filter((value) => value !== null && value !== undefined).length < 3;
}

import { Badge } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Plain } from "../../components/plain.tsx";
import { Sideways } from "../../components/sideways.tsx";
import { useNumbers, type Numbers } from "../../components/use-numbers.ts";
import { sumUp, type LiveReading, type Now } from "./now.ts";

interface Column {
  readonly key: "connections" | "channels" | "in" | "out" | "latency" | "refused" | "backlog" | "rss" | "loop";
  readonly show: (now: Now, numbers: Numbers) => string;
  /** What stands below it. */
  readonly note?: { readonly key: "slow" | "heap" | "cpu"; readonly show: Column["show"] };
}

const COLUMNS: readonly Column[] = [
  { key: "connections", show: ({ connections }, { count }) => count(connections) },
  { key: "channels", show: ({ channels }, { count }) => count(channels) },
  { key: "in", show: (now, { rate }) => rate(now.in) },
  { key: "out", show: ({ out }, { rate }) => rate(out) },
  { key: "latency", show: ({ latency }, { rate }) => latency?.map(rate).join(" / ") ?? "–" },
  { key: "refused", show: ({ refused }, { rate }) => rate(refused) },
  {
    key: "backlog",
    show: ({ backlog }, { bytes }) => bytes(backlog),
    note: { key: "slow", show: ({ slow }, { count }) => count(slow) },
  },
  {
    key: "rss",
    show: ({ rss }, { bytes }) => bytes(rss),
    note: { key: "heap", show: ({ heap }, { bytes }) => bytes(heap) },
  },
  {
    key: "loop",
    show: ({ loop }, { rate }) => loop.map(rate).join(" / "),
    note: { key: "cpu", show: ({ cpu }, { percent }) => percent(cpu) },
  },
];

/** A row for each node, and their sums; of times, the worst. */
export function NodeTable({ readings }: { readonly readings: readonly LiveReading[] }) {
  const { t } = useTranslation("overview");
  const numbers = useNumbers();
  const all = sumUp(readings);
  return (
    <Sideways label={t("nodes")}>
      <table className="numbers">
        <thead>
          <tr>
            <th scope="col">{t("node")}</th>
            {COLUMNS.map(({ key }) => (
              <th key={key} scope="col">
                {t(`columns.${key}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {readings.map((reading) => (
            <tr key={reading.nodeId}>
              <th scope="row">
                <Plain text={reading.nodeId} />{" "}
                {reading.draining === true ? (
                  <Badge color="yellow" variant="light" size="sm">
                    {t("draining")}
                  </Badge>
                ) : null}
              </th>
              <Cells now={sumUp([reading])} numbers={numbers} />
            </tr>
          ))}
        </tbody>
        {readings.length < 2 ? null : (
          <tfoot>
            <tr>
              <th scope="row">{t("all")}</th>
              <Cells now={all} numbers={numbers} />
            </tr>
          </tfoot>
        )}
      </table>
    </Sideways>
  );
}

function Cells({ now, numbers }: { readonly now: Now; readonly numbers: Numbers }) {
  const { t } = useTranslation("overview");
  return COLUMNS.map(({ key, show, note }) => (
    <td key={key}>
      {show(now, numbers)}
      {note === undefined ? null : (
        <div className="note">
          {t(`columns.${note.key}`)}: {note.show(now, numbers)}
        </div>
      )}
    </td>
  ));
}

import { Button, Checkbox, Group, NativeSelect, Text, TextInput, Title } from "@mantine/core";
import { useDeferredValue, useMemo, useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { useNumbers } from "../../components/use-numbers.ts";
import type { Direction, Log, LogRow } from "./log.ts";
import { LogRows } from "./log-rows.tsx";
import { RowDetail } from "./row-detail.tsx";
import { hideSecrets } from "./secrets.ts";

export interface LogViewProps {
  /** The name of the connection that it belongs to. */
  readonly panel: string;
  readonly kind: "events" | "frames";
  readonly log: Log;
  readonly secrets: ReadonlySet<string>;
  /** Whether tokens are shown in rows. */
  readonly revealed: boolean;
  readonly reveal: (revealed: boolean) => void;
}

const DIRECTIONS = ["all", "in", "out"] as const;

/** What went over a connection: the newest rows, to filter, hold and read. */
export function LogView({ panel, kind, log, secrets, revealed, reveal }: LogViewProps) {
  const { t } = useTranslation("playground");
  const snapshot = useSyncExternalStore(log.subscribe, log.snapshot);
  const [filter, setFilter] = useState("");
  const [direction, setDirection] = useState<Direction | "all">("all");
  const [chosen, setChosen] = useState<LogRow>();
  const wanted = useDeferredValue(filter.toLowerCase());
  const rows = useMemo(
    () =>
      snapshot.rows.filter(
        (row) =>
          (direction === "all" || row.direction === direction) &&
          (wanted === "" || row.text.toLowerCase().includes(wanted) || row.name.toLowerCase().includes(wanted)),
      ),
    [snapshot, direction, wanted],
  );
  const shown = (text: string): string => (revealed ? text : hideSecrets(text, secrets));
  const title = t(`log.${kind}`);
  return (
    <div className="playground-log">
      <Group justify="space-between" gap="xs" align="baseline">
        <Title order={3} size="h5">
          {title}
        </Title>
        <Tallies kind={kind} log={log} />
      </Group>
      <Group gap="xs" align="flex-end">
        <TextInput
          size="xs"
          aria-label={`${title}: ${t("log.filter")}`}
          placeholder={t("log.filter")}
          value={filter}
          className="playground-filter"
          onChange={({ currentTarget }) => setFilter(currentTarget.value)}
        />
        <NativeSelect
          size="xs"
          aria-label={`${title}: ${t("log.direction")}`}
          value={direction}
          data={DIRECTIONS.map((value) => ({ value, label: t(`log.${value}`) }))}
          onChange={({ currentTarget }) => setDirection(currentTarget.value as Direction | "all")}
        />
        <Button size="xs" variant="default" onClick={() => log.pause(!snapshot.paused)} aria-pressed={snapshot.paused}>
          {t(snapshot.paused ? "log.resume" : "log.pause")}
        </Button>
        <Button
          size="xs"
          variant="default"
          onClick={() => {
            log.clear();
            setChosen(undefined);
          }}
        >
          {t("log.clear")}
        </Button>
        {snapshot.waiting === 0 ? null : (
          <Text size="xs" c="dimmed">
            {t("log.waiting", { count: snapshot.waiting })}
          </Text>
        )}
      </Group>
      {rows.length === 0 ? (
        <Text size="sm" c="dimmed" className="playground-empty">
          {t(snapshot.rows.length > 0 ? "log.nothing" : kind === "events" ? "log.noEvents" : "log.noFrames")}
        </Text>
      ) : (
        <LogRows label={title} rows={rows} shown={shown} chosen={chosen?.id} choose={setChosen} />
      )}
      <Group justify="space-between" gap="xs">
        <Checkbox
          size="xs"
          label={t("log.secrets")}
          checked={revealed}
          onChange={({ currentTarget }) => reveal(currentTarget.checked)}
        />
        {rows.length > 0 && chosen === undefined ? (
          <Text size="xs" c="dimmed">
            {t("log.select")}
          </Text>
        ) : null}
      </Group>
      {chosen === undefined ? null : <RowDetail label={`${panel}: ${title}`} kind={kind} row={chosen} shown={shown} />}
    </div>
  );
}

function Tallies({ kind, log }: Pick<LogViewProps, "kind" | "log">) {
  const { t } = useTranslation("playground");
  const numbers = useNumbers();
  const { in: received, out: sent } = useSyncExternalStore(log.subscribe, log.snapshot);
  const say = ({ count, bytes }: typeof received): string =>
    kind === "events"
      ? numbers.count(count)
      : t("log.bytes", { amount: numbers.count(count), bytes: numbers.bytes(bytes) });
  return (
    <Text size="xs" c="dimmed" {...(kind === "frames" ? { title: t("log.bytesHelp") } : undefined)}>
      ↓ {t("log.received", { amount: say(received) })} · ↑ {t("log.sent", { amount: say(sent) })}
    </Text>
  );
}

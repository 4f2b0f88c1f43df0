import { UnstyledButton } from "@mantine/core";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { RealtimeEvent } from "../../api/types.ts";
import { JsonPreview } from "../../components/json-preview.tsx";
import { Plain } from "../../components/plain.tsx";
import { tableHeight } from "../../components/table-height.ts";
import { useNarrow } from "../../components/use-narrow.ts";
import { VirtualTable, type Column } from "../../components/virtual-table.tsx";
import { EventDetails } from "./event-details.tsx";
import { Moment } from "../../components/moment.tsx";

export interface EventTableProps {
  readonly label: string;
  readonly events: readonly RealtimeEvent[];
  /** What else is on the page above it, in pixels. */
  readonly rest: number;
  readonly onEnd?: (() => void) | undefined;
}

/** Events, one a row; all of one is shown on demand. */
export function EventTable({ label, events, rest, onEnd }: EventTableProps) {
  const { t } = useTranslation("channels");
  const narrow = useNarrow();
  const [shown, setShown] = useState<RealtimeEvent>();
  const columns = useMemo((): readonly Column<RealtimeEvent>[] => {
    const when: Column<RealtimeEvent> = {
      key: "when",
      header: t("event.when"),
      width: "120px",
      cell: ({ timestamp }) => <Moment at={timestamp} />,
    };
    const name: Column<RealtimeEvent> = {
      key: "event",
      header: t("event.name"),
      width: narrow ? "minmax(80px, 1fr)" : "minmax(100px, 1fr)",
      cell: (event) => (
        <UnstyledButton className="row-button" onClick={() => setShown(event)} aria-haspopup="dialog">
          <Plain text={event.event} most={64} />
        </UnstyledButton>
      ),
    };
    const payload: Column<RealtimeEvent> = {
      key: "payload",
      header: t("event.payload"),
      width: narrow ? "minmax(80px, 2fr)" : "minmax(160px, 4fr)",
      cell: (event) => <JsonPreview value={event.payload} />,
    };
    if (narrow) return [when, name, payload];
    return [
      {
        key: "offset",
        header: t("event.offset"),
        width: "88px",
        cell: ({ position }) => position?.offset ?? "–",
      },
      when,
      name,
      {
        key: "sender",
        header: t("event.sender"),
        width: "minmax(90px, 1fr)",
        cell: ({ sender, source }) => <Plain text={sender?.userId ?? t(`source.${source}`)} most={128} />,
      },
      payload,
    ];
  }, [t, narrow]);
  return (
    <>
      <VirtualTable
        label={label}
        columns={columns}
        rows={events}
        total={events.length}
        height={tableHeight(events.length, rest)}
        rowKey={keyOf}
        onEnd={onEnd}
      />
      <EventDetails event={shown} close={() => setShown(undefined)} />
    </>
  );
}

function keyOf({ id, position }: RealtimeEvent): string {
  return position === undefined ? id : `${position.epoch} ${position.offset}`;
}

import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, useEffect, useRef, type CSSProperties, type ReactNode } from "react";

export interface Column<Row> {
  readonly key: string;
  readonly header: ReactNode;
  /** A track of CSS grid, such as `120px` or `minmax(0, 2fr)`. */
  readonly width: string;
  readonly align?: "start" | "end";
  /** For the header of a column that can be sorted by. */
  readonly sorted?: "ascending" | "descending" | "none";
  readonly cell: (row: Row) => ReactNode;
}

export interface VirtualTableProps<Row> {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  /** Of the whole list, where it is known; for readers of screens. */
  readonly total?: number | undefined;
  readonly height: number | string;
  /** Called when the last rows are about to come into sight. */
  readonly onEnd?: (() => void) | undefined;
  readonly rowKey: (row: Row) => string;
}

const ROW = 40;
const OVERSCAN = 12;
/** So many rows before the end more are asked for, so that who scrolls fast has them when they get there. */
const AHEAD = 60;

/** A table of which only the rows in sight are in the page, however many there are. */
export function VirtualTable<Row>(props: VirtualTableProps<Row>) {
  const { label, columns, rows, total, height, onEnd, rowKey } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: OVERSCAN,
    scrollMargin: ROW,
  });
  const items = virtualizer.getVirtualItems();
  const last = items.at(-1)?.index ?? -1;
  useEffect(() => {
    if (last >= rows.length - AHEAD) onEnd?.();
  }, [last, rows.length, onEnd]);

  const tracks = columns.map(({ width }) => width).join(" ");
  const head: CSSProperties = { gridTemplateColumns: tracks, minHeight: ROW };
  return (
    // Scrolls, so that the keyboard has to get there.
    <div
      className="virtual-table"
      ref={scroller}
      style={{ height }}
      tabIndex={0}
      role="table"
      aria-label={label}
      aria-rowcount={total === undefined ? -1 : total + 1}
    >
      <div role="rowgroup" className="virtual-head">
        <div role="row" className="virtual-row" style={head}>
          {columns.map(({ key, header, align, sorted }) => (
            <div
              key={key}
              role="columnheader"
              style={{ textAlign: align }}
              {...(sorted === undefined ? undefined : { "aria-sort": sorted })}
            >
              {header}
            </div>
          ))}
        </div>
      </div>
      <div role="rowgroup" style={{ height: virtualizer.getTotalSize(), position: "relative" }}>
        {items.map(({ index, start }) => {
          const row = rows[index] as Row;
          return (
            <BodyRow key={rowKey(row)} row={row} index={index} top={start - ROW} tracks={tracks} columns={columns} />
          );
        })}
      </div>
    </div>
  );
}

interface BodyRowProps<Row> {
  readonly row: Row;
  readonly index: number;
  /** Pixels from the first row. */
  readonly top: number;
  readonly tracks: string;
  readonly columns: readonly Column<Row>[];
}

function PlainBodyRow<Row>({ row, index, top, tracks, columns }: BodyRowProps<Row>) {
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      className="virtual-row virtual-body-row"
      style={{ gridTemplateColumns: tracks, height: ROW, transform: `translateY(${top}px)` }}
    >
      {columns.map(({ key, cell, align }) => (
        <div key={key} role="cell" style={{ textAlign: align }}>
          {cell(row)}
        </div>
      ))}
    </div>
  );
}

/** Scrolling renders those rows alone that come into sight. */
const BodyRow = memo(PlainBodyRow) as typeof PlainBodyRow;

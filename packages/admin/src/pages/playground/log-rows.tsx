import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useId, useMemo, useRef, type KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";
import { Plain } from "../../components/plain.tsx";
import { useNumbers } from "../../components/use-numbers.ts";
import type { LogRow } from "./log.ts";

export interface LogRowsProps {
  readonly label: string;
  readonly rows: readonly LogRow[];
  /** A row's text as it may be shown. */
  readonly shown: (text: string) => string;
  readonly chosen: number | undefined;
  readonly choose: (row: LogRow) => void;
}

const ROW = 28;
/** What a line can show of a row. */
const MOST = 240;
const ARROWS = { in: "↓", out: "↑", here: "·" } as const;

const HIDDEN = { "aria-hidden": true } as const;

/** Rows of which only those in sight are in the page. Stays at the end while it is there. */
export function LogRows({ label, rows, shown, chosen, choose }: LogRowsProps) {
  const { t, i18n } = useTranslation("playground");
  const numbers = useNumbers();
  const list = useId();
  const scroller = useRef<HTMLDivElement>(null);
  const following = useRef(true);
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    getItemKey: (index) => rows[index]?.id ?? index,
    overscan: 8,
  });
  const last = rows.at(-1)?.id;
  useEffect(() => {
    const element = scroller.current;
    if (following.current && element !== null) element.scrollTop = element.scrollHeight;
  }, [last, rows.length]);
  const clock = useMemo(
    () =>
      new Intl.DateTimeFormat(i18n.language, {
        hour: "2-digit",
        minute: "2-digit",
        second: "2-digit",
        fractionalSecondDigits: 3,
        hourCycle: "h23",
      }),
    [i18n.language],
  );

  const move = (pressed: KeyboardEvent): void => {
    const at = rows.findIndex(({ id }) => id === chosen);
    const to: Readonly<Record<string, number>> = {
      ArrowDown: at + 1,
      ArrowUp: at === -1 ? rows.length - 1 : at - 1,
      PageDown: at + 10,
      PageUp: Math.max(at - 10, 0),
      Home: 0,
      End: rows.length - 1,
    };
    const wanted = to[pressed.key];
    if (wanted === undefined) return;
    pressed.preventDefault();
    const index = Math.min(Math.max(wanted, 0), rows.length - 1);
    const row = rows[index];
    if (row === undefined) return;
    following.current = index === rows.length - 1;
    virtualizer.scrollToIndex(index);
    choose(row);
  };

  return (
    // One stop of the keyboard, which the arrows move in.
    <div
      ref={scroller}
      className="playground-rows"
      role="listbox"
      aria-label={label}
      tabIndex={0}
      onKeyDown={move}
      onScroll={({ currentTarget }) => {
        const left = currentTarget.scrollHeight - currentTarget.scrollTop - currentTarget.clientHeight;
        following.current = left < ROW;
      }}
      {...(chosen === undefined ? undefined : { "aria-activedescendant": `${list}-${chosen}` })}
    >
      <div role="presentation" style={{ height: virtualizer.getTotalSize(), position: "relative" }}>
        {virtualizer.getVirtualItems().map(({ index, start }) => {
          const row = rows[index] as LogRow;
          return (
            <div
              key={row.id}
              id={`${list}-${row.id}`}
              role="option"
              aria-selected={row.id === chosen}
              aria-setsize={rows.length}
              aria-posinset={index + 1}
              className="playground-row"
              data-direction={row.direction}
              style={{ height: ROW, transform: `translateY(${start}px)` }}
              onClick={() => choose(row)}
            >
              <span className="playground-time">{clock.format(row.at)}</span>
              <span {...(row.direction === "here" ? HIDDEN : { role: "img", "aria-label": t(`log.${row.direction}`) })}>
                {ARROWS[row.direction]}
              </span>
              <span className="playground-text">
                {row.name === "" ? null : (
                  <strong>
                    <Plain text={row.name} most={128} />
                  </strong>
                )}{" "}
                <Plain text={shown(row.text.slice(0, MOST * 8)).slice(0, MOST)} />
              </span>
              <span className="playground-time">
                {row.bytes === undefined ? null : numbers.bytes(row.bytes)}
                {row.milliseconds === undefined ? null : numbers.milliseconds(row.milliseconds)}
              </span>
            </div>
          );
        })}
      </div>
    </div>
  );
}

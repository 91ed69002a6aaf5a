/**
 * A table of any length: only the rows in sight exist. Column widths are those of a CSS grid; on a phone the columns marked
 * `isWide` are left out, so the first one should say the most.
 */

// biome-ignore-all lint/a11y/useFocusableInteractive: a table is read, not walked; what can be done stands in its cells.

import "./virtual-table.css";
import { useMediaQuery } from "@mantine/hooks";
import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, type ReactNode, useEffect, useMemo, useRef } from "react";

export interface VirtualColumn<T> {
  readonly id: string;
  readonly label: ReactNode;
  /** As in `grid-template-columns`. */
  readonly width: string;
  readonly cell: (row: T, index: number) => ReactNode;
  /** Left out where the page is narrow. */
  readonly isWide?: boolean;
  readonly isNumber?: boolean;
}

interface VirtualTableProps<T> {
  readonly label: string;
  readonly rows: readonly T[];
  readonly columns: readonly VirtualColumn<T>[];
  readonly keyOf: (row: T) => string;
  readonly rowHeight?: number;
  readonly height?: string;
  readonly isMarked?: (row: T) => boolean;
  /** The row that should be in sight. */
  readonly at?: number | null;
  /** Called while the last rows are in sight. */
  readonly onEnd?: () => void;
  readonly footer?: ReactNode;
}

const NEAR_END = 30;

export function VirtualTable<T>(props: VirtualTableProps<T>) {
  const {
    label,
    rows,
    columns,
    keyOf,
    rowHeight = 44,
    height = "calc(100dvh - 15rem)",
    isMarked,
    at,
    onEnd,
    footer,
  } = props;
  const scroll = useRef<HTMLDivElement>(null);
  const isNarrow = useMediaQuery("(max-width: 48em)", false, { getInitialValueInEffect: false });
  const shown = useMemo(
    () => (isNarrow ? columns.filter(({ isWide }) => isWide !== true) : columns),
    [isNarrow, columns],
  );
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => rowHeight,
    getItemKey: (index) => keyOf(rows[index] as T),
    overscan: 10,
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (rows.length > 0 && last >= rows.length - NEAR_END) onEnd?.();
  }, [last, rows.length, onEnd]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only another row to be seen moves the list.
  useEffect(() => {
    if (at !== null && at !== undefined && at >= 0) virtual.scrollToIndex(at, { align: "auto" });
  }, [at]);
  const template = shown.map(({ width }) => width).join(" ");
  return (
    <div
      className="mf-panel mf-vt"
      style={{ maxHeight: height }}
      ref={scroll}
      tabIndex={0}
      role="region"
      aria-label={label}
    >
      <div role="table" aria-label={label} aria-rowcount={rows.length + 1} className="mf-vt-table">
        <div role="row" aria-rowindex={1} className="mf-vt-head" style={{ gridTemplateColumns: template }}>
          {shown.map(({ id, label: text, isNumber }) => (
            <div key={id} role="columnheader" data-number={isNumber || undefined}>
              {text}
            </div>
          ))}
        </div>
        <div role="rowgroup" className="mf-vt-body" style={{ height: virtual.getTotalSize() }}>
          {items.map((item) => {
            const row = rows[item.index] as T;
            return (
              <Row
                key={item.key}
                row={row}
                index={item.index}
                top={item.start}
                height={rowHeight}
                template={template}
                columns={shown}
                isMarked={isMarked?.(row) ?? false}
              />
            );
          })}
        </div>
      </div>
      {footer === undefined ? null : <div className="mf-vt-foot">{footer}</div>}
    </div>
  );
}

interface RowProps<T> {
  readonly row: T;
  readonly index: number;
  readonly top: number;
  readonly height: number;
  readonly template: string;
  readonly columns: readonly VirtualColumn<T>[];
  readonly isMarked: boolean;
}

/** While one scrolls, only the rows that come into sight are made. */
const Row = memo(function Row<T>({ row, index, top, height, template, columns, isMarked }: RowProps<T>) {
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      className="mf-vt-row"
      data-marked={isMarked || undefined}
      style={{ gridTemplateColumns: template, height, transform: `translateY(${top}px)` }}
    >
      {columns.map(({ id, cell, isNumber }) => (
        <div key={id} role="cell" className="mf-vt-cell" data-number={isNumber || undefined}>
          {cell(row, index)}
        </div>
      ))}
    </div>
  );
}) as <T>(props: RowProps<T>) => ReactNode;

/**
 * Values over time as bars on top of one another or as lines, with the same values as a table for whoever would rather read.
 * Under the pointer or the arrow keys one piece of time tells its values.
 */

import "./charts.css";
import { Table } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { type KeyboardEvent, type PointerEvent, useId, useState } from "react";
import type { Tone } from "../status.tsx";
import { dateText } from "../time.tsx";
import { ticksOf } from "./scale.ts";

export interface Series {
  readonly label: string;
  readonly tone: Tone;
  /** Null: nothing is known of that piece. */
  readonly values: readonly (number | null)[];
}

export interface SeriesChartProps {
  readonly title: string;
  readonly kind: "stacked" | "lines";
  readonly at: readonly string[];
  readonly series: readonly Series[];
  readonly format: (value: number) => string;
  readonly height?: number;
}

const LEFT = 56;
const BOTTOM = 22;
const TOP = 8;

export function SeriesChart({ title, kind, at, series, format, height = 200 }: SeriesChartProps) {
  const { ref, width } = useElementSize();
  const [shown, setShown] = useState<number | null>(null);
  const id = useId();
  const count = at.length;
  const top = Math.max(1e-9, ...topOf(kind, series, count));
  const ticks = ticksOf(top);
  const max = ticks.at(-1) ?? top;
  const inner = Math.max(1, width - LEFT);
  const x = (i: number) => LEFT + (inner * (i + 0.5)) / Math.max(1, count);
  const y = (value: number) => TOP + (height - TOP - BOTTOM) * (1 - value / max);
  const move = (event: PointerEvent<SVGSVGElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const i = Math.floor(((event.clientX - box.left - LEFT) / inner) * count);
    setShown(i >= 0 && i < count ? i : null);
  };
  const step = (event: KeyboardEvent) => {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (by === 0) return;
    event.preventDefault();
    setShown((before) => Math.min(count - 1, Math.max(0, (before ?? (by > 0 ? -1 : count)) + by)));
  };
  return (
    <figure className="mf-chart" aria-labelledby={id}>
      <figcaption id={id} className="mf-chart-head">
        <span className="mf-chart-title">{title}</span>
        <span className="mf-chart-legend">
          {series.map(({ label, tone }) => (
            <span key={label} data-tone={tone}>
              <i aria-hidden /> {label}
            </span>
          ))}
        </span>
      </figcaption>
      <div ref={ref}>
        {/* The arrow keys read it piece by piece; what is read stands in the live line below. */}
        <svg
          width={width}
          height={height}
          role="img"
          aria-label={`${title}: ${count} pieces of time. Arrow keys read them.`}
          tabIndex={0}
          onPointerMove={move}
          onPointerLeave={() => setShown(null)}
          onKeyDown={step}
          onBlur={() => setShown(null)}
        >
          {ticks.map((tick) => (
            <g key={tick}>
              <line x1={LEFT} x2={width} y1={y(tick)} y2={y(tick)} className="mf-chart-grid" />
              <text x={LEFT - 8} y={y(tick)} dy="0.32em" textAnchor="end" className="mf-chart-tick">
                {format(tick)}
              </text>
            </g>
          ))}
          {shown === null ? null : (
            <rect
              x={LEFT + (inner * shown) / count}
              y={TOP}
              width={inner / count}
              height={height - TOP - BOTTOM}
              className="mf-chart-cursor"
            />
          )}
          {kind === "stacked" ? (
            <Stacks
              series={series}
              count={count}
              x={x}
              y={y}
              width={Math.max(1, (inner / Math.max(1, count)) * 0.78)}
            />
          ) : (
            <Lines series={series} x={x} y={y} />
          )}
          {timeTicks(at, inner).map((i) => (
            <text key={i} x={x(i)} y={height - 6} textAnchor="middle" className="mf-chart-tick">
              {timeText(at[i] ?? "", at)}
            </text>
          ))}
        </svg>
      </div>
      <p className="mf-chart-read" role="status">
        {shown === null ? " " : readingOf(at[shown] ?? "", series, shown, format)}
      </p>
      <details className="mf-chart-table">
        <summary>As a table</summary>
        <div className="mf-scroll" tabIndex={0} role="region" aria-label={`${title}, as a table`}>
          <Table fz="xs">
            <Table.Thead>
              <Table.Tr>
                <Table.Th scope="col">From</Table.Th>
                {series.map(({ label }) => (
                  <Table.Th key={label} scope="col">
                    {label}
                  </Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {at.map((time, i) => (
                <Table.Tr key={time}>
                  <Table.Th scope="row">{dateText(Date.parse(time))}</Table.Th>
                  {series.map(({ label, values }) => (
                    <Table.Td key={label} className="mf-figures">
                      {valueText(values[i], format)}
                    </Table.Td>
                  ))}
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </div>
      </details>
    </figure>
  );
}

interface DrawProps {
  readonly series: readonly Series[];
  readonly x: (i: number) => number;
  readonly y: (value: number) => number;
}

function Stacks({ series, count, x, y, width }: DrawProps & { readonly count: number; readonly width: number }) {
  return Array.from({ length: count }, (_, i) => {
    let below = 0;
    return series.map(({ label, tone, values }) => {
      const value = values[i] ?? 0;
      if (value <= 0) return null;
      const from = below;
      below += value;
      return (
        <rect
          key={`${label} ${i}`}
          data-tone={tone}
          className="mf-chart-bar"
          x={x(i) - width / 2}
          y={y(below)}
          width={width}
          height={Math.max(1, y(from) - y(below))}
        />
      );
    });
  });
}

/** A line breaks where nothing is known; a value that stands alone is a dot. */
function Lines({ series, x, y }: DrawProps) {
  return series.map(({ label, tone, values }) => {
    const pieces = values.map((value, i) => (value === null ? null : `${x(i).toFixed(1)},${y(value).toFixed(1)}`));
    const path = pieces
      .map((point, i) => (point === null ? "" : `${i === 0 || pieces[i - 1] === null ? "M" : "L"}${point}`))
      .join("");
    const alone = pieces.flatMap((point, i) =>
      point !== null && (pieces[i - 1] ?? null) === null && (pieces[i + 1] ?? null) === null ? [point.split(",")] : [],
    );
    return (
      <g key={label} data-tone={tone}>
        <path d={path} className="mf-chart-line" />
        {alone.map(([cx, cy]) => (
          <circle key={cx} cx={cx} cy={cy} r={2.5} className="mf-chart-dot" />
        ))}
      </g>
    );
  });
}

function topOf(kind: SeriesChartProps["kind"], series: readonly Series[], count: number): readonly number[] {
  if (kind === "lines") return series.flatMap(({ values }) => values.map((value) => value ?? 0));
  return Array.from({ length: count }, (_, i) => series.reduce((sum, { values }) => sum + (values[i] ?? 0), 0));
}

const LABEL_WIDTH = 84;

function timeTicks(at: readonly string[], width: number): readonly number[] {
  const most = Math.max(1, Math.floor(width / LABEL_WIDTH));
  const every = Math.max(1, Math.ceil(at.length / most));
  return at.flatMap((_, i) => (i % every === Math.floor(every / 2) ? [i] : []));
}

const HOURS = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hour12: false });
const DAYS = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });
const DAY_MS = 86_400_000;

function timeText(time: string, at: readonly string[]): string {
  const span = Date.parse(at.at(-1) ?? time) - Date.parse(at[0] ?? time);
  return (span > DAY_MS * 1.5 ? DAYS : HOURS).format(Date.parse(time));
}

function readingOf(time: string, series: readonly Series[], i: number, format: (value: number) => string): string {
  return `${dateText(Date.parse(time))}: ${series.map(({ label, values }) => `${label} ${valueText(values[i], format)}`).join(", ")}`;
}

function valueText(value: number | null | undefined, format: (value: number) => string): string {
  return value === null || value === undefined ? "–" : format(value);
}

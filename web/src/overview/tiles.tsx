/** The figures one looks at first, each beside what it was in the period before. */

import { Text } from "@mantine/core";
import { IconArrowDownRight, IconArrowUpRight, IconEqual } from "@tabler/icons-react";
import type { ExecutionFigures } from "../../../src/core/protocol/figures.ts";
import { durationText } from "../parts/time.tsx";

interface Tile {
  readonly label: string;
  readonly value: string;
  readonly note?: string;
  readonly change?: Change;
}

interface Change {
  /** From the period before to this one, as a part of what it was. */
  readonly by: number;
  /** Whether more is better; null: it is neither. */
  readonly isGood: boolean | null;
}

export function Tiles({ figures }: { readonly figures: ExecutionFigures }) {
  return (
    <ul className="mf-tiles">
      {tilesOf(figures).map((tile) => (
        <li key={tile.label} className="mf-panel mf-tile">
          <span className="mf-tile-label">{tile.label}</span>
          <strong className="mf-tile-value">{tile.value}</strong>
          <span className="mf-tile-note">
            {tile.change === undefined ? null : <ChangeWord change={tile.change} />}
            {tile.note}
          </span>
        </li>
      ))}
    </ul>
  );
}

function tilesOf({ totals, previous, active, queued, paused, today }: ExecutionFigures): readonly Tile[] {
  const before = previous?.duration;
  return [
    {
      label: "Active now",
      value: number(active),
      note: [queued > 0 ? `${number(queued)} queued` : "", paused > 0 ? `${number(paused)} paused` : ""]
        .filter((text) => text !== "")
        .join(", "),
    },
    { label: "Started", value: number(totals.started), ...changeOf(totals.started, previous?.started, null) },
    {
      label: "Success rate",
      value: rate(totals.success_rate),
      note: totals.failed + totals.timed_out === 0 ? "" : `${number(totals.failed + totals.timed_out)} failed`,
      ...changeOf(totals.success_rate, previous?.success_rate, true),
    },
    {
      label: "Half take at most",
      value: seconds(totals.duration.p50),
      ...changeOf(totals.duration.p50, before?.p50, false),
    },
    {
      label: "95 % take at most",
      value: seconds(totals.duration.p95),
      ...changeOf(totals.duration.p95, before?.p95, false),
    },
    {
      label: "99 % take at most",
      value: seconds(totals.duration.p99),
      ...changeOf(totals.duration.p99, before?.p99, false),
    },
    {
      label: "Throughput",
      value: throughput(totals.throughput_per_second),
      ...changeOf(totals.throughput_per_second, previous?.throughput_per_second, null),
    },
    { label: "Today", value: number(today.started), note: `${rate(today.success_rate)} succeeded` },
  ];
}

function changeOf(
  now: number | null,
  before: number | null | undefined,
  moreIsBetter: boolean | null,
): { readonly change?: Change } {
  if (now === null || before === null || before === undefined || before === 0) return {};
  const by = now / before - 1;
  return { change: { by, isGood: moreIsBetter === null || Math.abs(by) < 0.005 ? null : by > 0 === moreIsBetter } };
}

function ChangeWord({ change: { by, isGood } }: { readonly change: Change }) {
  const isSame = Math.abs(by) < 0.005;
  const Picture = isSame ? IconEqual : by > 0 ? IconArrowUpRight : IconArrowDownRight;
  const text = isSame ? "as before" : `${by > 0 ? "+" : "−"}${PERCENT.format(Math.min(9.99, Math.abs(by)))}`;
  return (
    <span className="mf-tile-change" data-tone={isGood === null ? "neutral" : isGood ? "good" : "bad"}>
      <Picture size={14} aria-hidden /> {text}
      <Text span className="mf-hidden">
        {" "}
        against the period before
      </Text>
    </span>
  );
}

const NUMBER = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });
const RATE = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3 });
const PERCENT = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 1 });

/** By the second, the minute or the hour: whichever makes a figure that one can read. */
function throughput(perSecond: number): string {
  if (perSecond >= 1 || perSecond === 0) return `${RATE.format(perSecond)} /s`;
  return perSecond >= 1 / 60 ? `${RATE.format(perSecond * 60)} /min` : `${RATE.format(perSecond * 3600)} /h`;
}

function number(value: number): string {
  return NUMBER.format(value);
}

function rate(value: number | null): string {
  return value === null ? "–" : PERCENT.format(value);
}

function seconds(value: number | null): string {
  return value === null ? "–" : durationText(value * 1000);
}

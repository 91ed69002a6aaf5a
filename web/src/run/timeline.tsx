/**
 * What took how long: a row for each step, branch and iteration, its pieces told apart by pattern and word. Only the rows in
 * sight exist. The label is what one clicks.
 */

import "./timeline.css";
import { ActionIcon, Group, Tooltip } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconChevronDown, IconChevronRight, IconZoomIn, IconZoomOut, IconZoomReset } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, useCallback, useMemo, useRef, useState } from "react";
import { lookOf } from "../parts/status.tsx";
import { clockText, durationText, useNow } from "../parts/time.tsx";
import type { Leases } from "./leases.ts";
import { SEGMENT_WORDS, type Segment, type SegmentKind } from "./segments.ts";
import { histogramOf, rowsOf, statusOf, type TimelineRow } from "./timeline-rows.ts";
import type { Run } from "./use-run.ts";

interface TimelineProps {
  readonly run: Run;
  readonly seq: number;
  readonly isNow: boolean;
  readonly leases: Leases;
  readonly chosen: string | undefined;
  readonly choose: (path: string | undefined) => void;
  readonly height?: string;
}

const ROW_HEIGHT = 32;
const ZOOM_MAX = 512;
const KINDS = Object.keys(SEGMENT_WORDS) as readonly SegmentKind[];

export function Timeline({ run, seq, isNow, leases, chosen, choose, height = "26rem" }: TimelineProps) {
  const { model, turn } = run;
  const [flipped, setFlipped] = useState<ReadonlySet<string>>(new Set());
  const [zoom, setZoom] = useState(1);
  const scroll = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the model changes in place; its turn says so.
  const rows = useMemo(() => rowsOf(model, flipped, seq), [model, flipped, seq, turn]);
  const isOpen = model.heads.at(-1) !== undefined && !hasEnded(model.heads.at(-1)?.status);
  const clock = useNow(isOpen && run.message !== null ? 250 : null);
  const from = Date.parse(model.eventAt(1)?.at ?? "");
  const last = Date.parse(model.eventAt(model.lastSeq)?.at ?? "");
  const to = Math.max(from + 1, isOpen && run.message !== null ? Math.max(clock, last) : last);
  const moment = isNow ? to : Date.parse(model.eventAt(seq)?.at ?? "");
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => ROW_HEIGHT,
    getItemKey: (index) => rows[index]?.path ?? index,
    overscan: 12,
  });
  const span = useMemo<Span>(() => ({ from, to, moment }), [from, to, moment]);
  const press = useCallback((path: string) => choose(path === chosen ? undefined : path), [choose, chosen]);
  const fold = useCallback((path: string) => setFlipped((before) => flip(before, path)), []);
  const change = (factor: number) => setZoom((now) => Math.min(ZOOM_MAX, Math.max(1, now * factor)));
  return (
    <div className="mf-panel mf-timeline">
      <div className="mf-timeline-bar">
        <ul className="mf-timeline-legend" aria-label="What the patterns mean">
          {KINDS.map((kind) => (
            <li key={kind}>
              <i className="mf-segment" data-kind={kind} data-tone="neutral" aria-hidden /> {SEGMENT_WORDS[kind]}
            </li>
          ))}
        </ul>
        <Group gap={4} wrap="nowrap">
          <Zoom label="Zoom out" icon={IconZoomOut} act={() => change(0.5)} isOff={zoom === 1} />
          <Zoom label="Zoom in" icon={IconZoomIn} act={() => change(2)} isOff={zoom === ZOOM_MAX} />
          <Zoom label="All of it" icon={IconZoomReset} act={() => setZoom(1)} isOff={zoom === 1} />
        </Group>
      </div>
      <div
        ref={scroll}
        className="mf-timeline-scroll"
        style={{ maxHeight: height }}
        tabIndex={0}
        role="region"
        aria-label={`Timeline of ${run.id}`}
        onWheel={(event) => event.ctrlKey && change(event.deltaY < 0 ? 1.25 : 0.8)}
      >
        <div className="mf-timeline-all" style={{ "--mf-zoom": zoom } as object}>
          <Axis span={span} zoom={zoom} />
          <ul className="mf-timeline-rows" aria-label="Steps" style={{ height: virtual.getTotalSize() }}>
            {virtual.getVirtualItems().map((item) => {
              const row = rows[item.index];
              return row === undefined ? null : (
                <Row
                  key={item.key}
                  run={run}
                  row={row}
                  seq={seq}
                  span={span}
                  top={item.start}
                  leaseSince={isNow ? (leases.get(row.path)?.since ?? null) : null}
                  isChosen={row.path === chosen}
                  choose={press}
                  flip={fold}
                />
              );
            })}
          </ul>
        </div>
      </div>
    </div>
  );
}

interface Span {
  readonly from: number;
  readonly to: number;
  /** What lies after it has not happened. */
  readonly moment: number;
}

function hasEnded(status: string | undefined): boolean {
  return status !== "running" && status !== "queued" && status !== "paused";
}

function flip(before: ReadonlySet<string>, path: string): ReadonlySet<string> {
  const next = new Set(before);
  if (!next.delete(path)) next.add(path);
  return next;
}

interface ZoomProps {
  readonly label: string;
  readonly icon: typeof IconZoomIn;
  readonly act: () => void;
  readonly isOff: boolean;
}

function Zoom({ label, icon: Picture, act, isOff }: ZoomProps) {
  return (
    <Tooltip label={label}>
      <ActionIcon variant="default" size={28} aria-label={label} onClick={act} disabled={isOff}>
        <Picture size={16} aria-hidden />
      </ActionIcon>
    </Tooltip>
  );
}

const STEPS_MS = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 3e4, 6e4, 12e4, 3e5, 6e5, 18e5, 36e5, 72e5, 216e5, 864e5,
];
const TICKS_MAX = 6;
const TICKS_MAX_NARROW = 2;

function Axis({ span: { from, to, moment }, zoom }: { readonly span: Span; readonly zoom: number }) {
  const isNarrow = useMediaQuery("(max-width: 48em)", false, { getInitialValueInEffect: false });
  const ticksMax = isNarrow ? TICKS_MAX_NARROW : TICKS_MAX;
  const length = to - from;
  const step = STEPS_MS.find((ms) => length / ms <= ticksMax * Math.min(zoom, 40)) ?? length / ticksMax;
  const ticks = Array.from({ length: Math.floor(length / step) + 1 }, (_, i) => i * step);
  return (
    <div className="mf-timeline-axis" aria-hidden>
      <div className="mf-timeline-label">{clockText(from)}</div>
      <div className="mf-timeline-area">
        {ticks.map((ms) => (
          <span key={ms} style={{ left: `${(ms / length) * 100}%` }}>
            {ms === 0 ? "0" : durationText(ms)}
          </span>
        ))}
        {moment < to ? (
          <i className="mf-timeline-moment" style={{ left: `${((moment - from) / length) * 100}%` }} />
        ) : null}
      </div>
    </div>
  );
}

interface RowProps {
  readonly run: Run;
  readonly row: TimelineRow;
  readonly seq: number;
  readonly span: Span;
  readonly top: number;
  readonly leaseSince: number | null;
  readonly isChosen: boolean;
  readonly choose: (path: string) => void;
  readonly flip: (path: string) => void;
}

const Row = memo(function Row({ run: { model }, row, seq, span, top, leaseSince, isChosen, choose, flip }: RowProps) {
  const { place, label, depth, canFold, isOpen, path } = row;
  const status = leaseSince === null ? statusOf(model, place, seq) : "running";
  const { icon: Picture, tone, label: word } = lookOf(status);
  const segments = withLease(place.segments, leaseSince).flatMap((segment) => until(segment, span));
  const first = segments[0]?.from ?? span.from;
  const last = segments.at(-1)?.to ?? span.moment;
  return (
    <li
      className="mf-timeline-row"
      data-chosen={isChosen || undefined}
      style={{ transform: `translateY(${top}px)`, height: ROW_HEIGHT }}
    >
      <div className="mf-timeline-label" style={{ paddingInlineStart: `${Math.min(depth, 8) * 14 + 4}px` }}>
        {canFold ? (
          <ActionIcon
            variant="subtle"
            color="gray"
            size={24}
            onClick={() => flip(path)}
            aria-expanded={isOpen}
            aria-label={`${isOpen ? "Fold" : "Open"} ${path}`}
          >
            {isOpen ? <IconChevronDown size={14} aria-hidden /> : <IconChevronRight size={14} aria-hidden />}
          </ActionIcon>
        ) : (
          <span className="mf-timeline-nofold" />
        )}
        <button
          type="button"
          className="mf-timeline-name"
          onClick={() => choose(path)}
          aria-pressed={isChosen}
          title={path}
        >
          <span className="mf-timeline-picture" data-tone={tone}>
            <Picture size={15} stroke={2.2} aria-hidden />
          </span>
          <span className="mf-one-line">{label}</span>
          <span className="mf-hidden">
            , {word}, {durationText(Math.max(0, last - first))}
          </span>
        </button>
        {canFold && !isOpen ? <Histogram counts={histogramOf(model, place, seq)} /> : null}
      </div>
      <div className="mf-timeline-area" aria-hidden>
        {segments.map((segment) => (
          <Piece key={`${segment.kind}${segment.from}`} segment={segment} span={span} tone={toneOf(segment, tone)} />
        ))}
        <span className="mf-timeline-took mf-figures" style={{ left: share(Math.min(last, span.moment), span) }}>
          {segments.length === 0 ? "" : durationText(Math.max(0, last - first))}
        </span>
        {span.moment < span.to ? <i className="mf-timeline-moment" style={{ left: share(span.moment, span) }} /> : null}
      </div>
    </li>
  );
});

function Histogram({ counts }: { readonly counts: ReturnType<typeof histogramOf> }) {
  return (
    <span className="mf-timeline-histogram">
      {counts.map(([status, count]) => {
        const { icon: Picture, tone, label } = lookOf(status);
        return (
          <span key={status} data-tone={tone} title={`${count} ${label.toLowerCase()}`}>
            <Picture size={12} stroke={2.4} aria-hidden />
            {count}
            <span className="mf-hidden">{label}</span>
          </span>
        );
      })}
    </span>
  );
}

interface Shown extends Segment {
  readonly to: number;
  readonly isOpen: boolean;
}

function Piece({ segment, span, tone }: { readonly segment: Shown; readonly span: Span; readonly tone: string }) {
  const words = `${SEGMENT_WORDS[segment.kind]}${segment.attempt > 1 ? `, attempt ${segment.attempt}` : ""}`;
  const took = durationText(segment.to - segment.from);
  return (
    <span
      className="mf-segment"
      data-kind={segment.kind}
      data-tone={tone}
      data-open={segment.isOpen || undefined}
      title={`${words}: ${took}${segment.outcome === null ? "" : `, ${segment.outcome}`}`}
      style={{
        left: share(segment.from, span),
        width: `max(3px, ${((segment.to - segment.from) / (span.to - span.from)) * 100}%)`,
      }}
    >
      {segment.attempt > 1 && segment.kind === "run" ? <span>try {segment.attempt}</span> : null}
    </span>
  );
}

function share(at: number, { from, to }: Span): string {
  return `${((at - from) / (to - from)) * 100}%`;
}

/** As much of it as had happened at the moment. */
function until(segment: Segment, span: Span): readonly Shown[] {
  if (segment.from > span.moment) return [];
  const to = Math.min(segment.to ?? span.moment, span.moment);
  const isOpen = segment.to === null || segment.to > span.moment;
  return [{ ...segment, to: Math.max(to, segment.from), isOpen, outcome: isOpen ? null : segment.outcome }];
}

/** What waits for an executor by the history is worked on by what the platform knows now. */
function withLease(segments: readonly Segment[], since: number | null): readonly Segment[] {
  const last = segments.at(-1);
  if (since === null || last === undefined || last.to !== null || last.kind !== "queue") return segments;
  const begun = Math.max(since, last.from);
  return [...segments.slice(0, -1), { ...last, to: begun }, { ...last, kind: "run", from: begun }];
}

function toneOf(segment: Shown, whole: string): string {
  if (segment.outcome === "failed") return "bad";
  if (segment.outcome === "completed") return "good";
  if (segment.kind === "run") return segment.isOpen ? "active" : whole;
  if (segment.kind === "container") return segment.isOpen ? "active" : whole;
  return segment.outcome === "cancelled" ? "neutral" : "waiting";
}

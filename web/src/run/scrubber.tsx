/** Goes through the history of an execution: drag, click, arrows and space, at any speed. */

import "./scrubber.css";
import { ActionIcon, Button, Select, Tooltip } from "@mantine/core";
import {
  IconPlayerPause,
  IconPlayerPlay,
  IconPlayerSkipBack,
  IconPlayerSkipForward,
  IconPlayerTrackNext,
} from "@tabler/icons-react";
import { useEffect, useMemo, useRef } from "react";
import { useCommands } from "../app/commands.tsx";
import { isTyping } from "../app/go-keys.ts";
import { clockText, durationText } from "../parts/time.tsx";
import type { RunModel } from "./run-model.ts";
import type { Moment } from "./use-moment.ts";

interface ScrubberProps {
  readonly model: RunModel;
  readonly moment: Moment;
  readonly isLive: boolean;
}

const SPEEDS = [0.25, 0.5, 1, 2, 4, 10, 100] as const;
const MARKS_MAX = 400;

export function Scrubber({ model, moment, isLive }: ScrubberProps) {
  useScrubberKeys(moment);
  const event = model.eventAt(moment.seq);
  const first = model.eventAt(1);
  const last = model.lastSeq;
  const marks = useMarks(model, last);
  if (event === null || first === null) return null;
  const told = `${event.type}${event.path === null ? "" : ` ${event.path}`}`;
  return (
    <section className="mf-scrubber mf-panel" aria-label="Moment of the history">
      <div className="mf-scrubber-keys">
        <Key label="One event back" icon={IconPlayerSkipBack} act={() => moment.go(moment.seq - 1)} />
        <Key
          label={moment.isPlaying ? "Pause (space)" : "Play (space)"}
          icon={moment.isPlaying ? IconPlayerPause : IconPlayerPlay}
          act={moment.isPlaying ? moment.pause : moment.play}
          isMain
        />
        <Key label="One event on" icon={IconPlayerSkipForward} act={() => moment.go(moment.seq + 1)} />
        <Select
          aria-label="Speed"
          size="xs"
          w={76}
          data={SPEEDS.map((speed) => ({ value: String(speed), label: `${speed}×` }))}
          value={String(moment.speed)}
          onChange={(speed) => moment.setSpeed(Number(speed ?? 1))}
          allowDeselect={false}
        />
      </div>
      <div className="mf-scrubber-track">
        <div className="mf-scrubber-marks" aria-hidden>
          {marks.map((seq) => (
            <i key={seq} style={{ left: `${((seq - 1) / Math.max(1, last - 1)) * 100}%` }} />
          ))}
        </div>
        <input
          type="range"
          min={1}
          max={Math.max(1, last)}
          value={moment.seq}
          onChange={(change) => moment.go(Number(change.currentTarget.value))}
          aria-label="Event"
          aria-valuetext={`Event ${moment.seq} of ${last}: ${told}`}
        />
      </div>
      <div className="mf-scrubber-words">
        <span className="mf-figures">
          {moment.seq.toLocaleString()} / {last.toLocaleString()}
        </span>
        <span className="mf-figures" title={event.at}>
          {clockText(Date.parse(event.at))} · +{durationText(Date.parse(event.at) - Date.parse(first.at))}
        </span>
        <span className="mf-one-line mf-scrubber-event" title={told}>
          {told}
        </span>
        {moment.isNow ? (
          <span className="mf-scrubber-now">{isLive ? "Now, live" : "At the end"}</span>
        ) : (
          <Button
            size="compact-xs"
            variant="light"
            leftSection={<IconPlayerTrackNext size={12} aria-hidden />}
            onClick={() => moment.go(null)}
          >
            {isLive ? "To now" : "To the end"}
          </Button>
        )}
      </div>
    </section>
  );
}

interface KeyProps {
  readonly label: string;
  readonly icon: typeof IconPlayerPlay;
  readonly act: () => void;
  readonly isMain?: boolean;
}

function Key({ label, icon: Picture, act, isMain }: KeyProps) {
  return (
    <Tooltip label={label}>
      <ActionIcon variant={isMain === true ? "filled" : "default"} size={30} aria-label={label} onClick={act}>
        <Picture size={16} aria-hidden />
      </ActionIcon>
    </Tooltip>
  );
}

/** Where something failed: what one looks for first. */
function useMarks(model: RunModel, last: number): readonly number[] {
  return useMemo(() => {
    const marks: number[] = [];
    for (const { seq, type } of model.events.slice(0, last)) {
      if (type === "StepFailed" || type === "StepAttemptFailed" || type === "ExecutionFailed") marks.push(seq);
      if (marks.length >= MARKS_MAX) break;
    }
    return marks;
  }, [model, last]);
}

function useScrubberKeys(moment: Moment): void {
  const latest = useRef(moment);
  latest.current = moment;
  const commands = useMemo(
    () =>
      [
        { id: "play", label: "Play or pause the history", keys: "Space", key: " " },
        { id: "back", label: "One event back", keys: "←", key: "ArrowLeft" },
        { id: "on", label: "One event on", keys: "→", key: "ArrowRight" },
      ].map(({ key, ...command }) => ({ ...command, run: () => actOf(key, latest.current)?.() })),
    [],
  );
  useCommands("History", commands);
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isElsewhere(event.target)) return;
      const act = actOf(event.key, moment);
      if (act === null) return;
      event.preventDefault();
      act();
    };
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, [moment]);
}

function actOf(key: string, moment: Moment): (() => void) | null {
  switch (key) {
    case " ":
      return moment.isPlaying ? moment.pause : moment.play;
    case "ArrowLeft":
      return () => moment.go(moment.seq - 1);
    case "ArrowRight":
      return () => moment.go(moment.seq + 1);
    default:
      return null;
  }
}

/** Keys that mean something where the focus is. */
function isElsewhere(target: EventTarget | null): boolean {
  if (isTyping(target)) return true;
  return (
    target instanceof Element &&
    target.closest(
      'button, a, summary, [role="tab"], [role="tree"], [role="dialog"], [role="separator"], [role="menu"], [role="listbox"], .react-flow__node',
    ) !== null
  );
}

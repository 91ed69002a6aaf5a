/** The status of an execution or a step: a word, a picture and a colour, the same three on every page. */

import {
  type Icon,
  IconAlertTriangle,
  IconArrowBackUp,
  IconBan,
  IconCircleCheck,
  IconCircleDashed,
  IconClockHour4,
  IconHourglassLow,
  IconPlayerPause,
  IconPlayerPlay,
  IconPlayerSkipForward,
  IconStack2,
  IconX,
} from "@tabler/icons-react";
import type { ExecutionStatus, StepStatusWord } from "../../../src/core/protocol/executions.ts";

export type Tone = "neutral" | "active" | "waiting" | "good" | "bad" | "undone";
export type StatusWord = ExecutionStatus | StepStatusWord;

interface Look {
  readonly label: string;
  readonly tone: Tone;
  readonly icon: Icon;
}

const LOOKS = {
  queued: { label: "Queued", tone: "neutral", icon: IconStack2 },
  pending: { label: "Pending", tone: "neutral", icon: IconCircleDashed },
  scheduled: { label: "Scheduled", tone: "waiting", icon: IconClockHour4 },
  running: { label: "Running", tone: "active", icon: IconPlayerPlay },
  waiting: { label: "Waiting", tone: "waiting", icon: IconHourglassLow },
  paused: { label: "Paused", tone: "waiting", icon: IconPlayerPause },
  completed: { label: "Completed", tone: "good", icon: IconCircleCheck },
  failed: { label: "Failed", tone: "bad", icon: IconX },
  timed_out: { label: "Timed out", tone: "bad", icon: IconAlertTriangle },
  skipped: { label: "Skipped", tone: "neutral", icon: IconPlayerSkipForward },
  cancelled: { label: "Cancelled", tone: "neutral", icon: IconBan },
  compensated: { label: "Compensated", tone: "undone", icon: IconArrowBackUp },
} as const satisfies Record<StatusWord, Look>;

export function lookOf(status: StatusWord): Look {
  return LOOKS[status];
}

export function StatusBadge({ status }: { readonly status: StatusWord }) {
  const { label, tone, icon: Picture } = LOOKS[status];
  return (
    <span className="mf-status" data-tone={tone}>
      <Picture size={14} stroke={2.2} aria-hidden />
      {label}
    </span>
  );
}

/** A word with a tone, where it is not the status of an execution or a step. */

import {
  type Icon,
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleDashed,
  IconClockHour4,
  IconPlayerPlay,
  IconX,
} from "@tabler/icons-react";
import type { Tone } from "./status.tsx";

const PICTURES: Readonly<Record<Exclude<Tone, "undone">, Icon>> = {
  neutral: IconCircleDashed,
  active: IconPlayerPlay,
  waiting: IconClockHour4,
  good: IconCircleCheck,
  bad: IconX,
};

export function ToneBadge({ tone, label }: { readonly tone: Tone; readonly label: string }) {
  const Picture = tone === "undone" ? IconAlertTriangle : PICTURES[tone];
  return (
    <span className="mf-status" data-tone={tone}>
      <Picture size={14} stroke={2.2} aria-hidden />
      {label}
    </span>
  );
}

/** What the watchdog remembers: where its round is, and what nothing seems to move. */

import type { Instant } from "../core/base/time.ts";
import type { Loop } from "./loop.ts";
import type { Resident } from "./shard.ts";

export interface Watchdog {
  /** Where the round through all executions is. */
  round: Iterator<Resident> | null;
  lookedAt: Instant;
  readonly suspects: Map<string, Suspect>;
  /** Children that the store is being asked about. */
  asking: number;
}

export interface Suspect {
  /** Of its history: once it is longer, the execution has moved. */
  readonly length: number;
  finding: Finding;
  looks: number;
  /** Counted and told. What still stands is tried to be mended again and again, and counts once. */
  isConfirmed: boolean;
}

/** Why nothing will move it, and what to do about it. */
export interface Finding {
  readonly why: string;
  readonly mend: (loop: Loop, resident: Resident) => void;
}

export function createWatchdog(now: Instant): Watchdog {
  return { round: null, lookedAt: now, suspects: new Map(), asking: 0 };
}

/** What was found of it and could not be mended yet; null: nothing. */
export function standstillOf({ suspects }: Watchdog, executionId: string): string | null {
  const suspect = suspects.get(executionId);
  return suspect?.isConfirmed === true ? suspect.finding.why : null;
}

/** How many stand still in spite of all that was tried. */
export function standing({ suspects }: Watchdog): number {
  let count = 0;
  for (const { isConfirmed } of suspects.values()) if (isConfirmed) count += 1;
  return count;
}

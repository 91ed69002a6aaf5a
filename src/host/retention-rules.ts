/** What is removed after which time, and how far the search for it is. */

import type { Instant } from "../core/base/time.ts";
import type { OverQuery } from "../ports/store.ts";
import type { Retention } from "./loop.ts";

export type Rule = Omit<OverQuery, "limit" | "cursor">;

/** The search for what is over goes through rule after rule, rests, and begins anew. */
export interface Cleaning {
  isRunning: boolean;
  lookedAt: Instant;
  /** How long it rests after that. */
  restMs: number;
  /** The rule whose turn it is, and where the search goes on by it. */
  rule: number;
  cursor: string | null;
}

/** A process that has just begun has other things to do. */
const FIRST_MS = 10_000;

export function createCleaning(now: Instant): Cleaning {
  return { isRunning: false, lookedAt: now, restMs: FIRST_MS, rule: 0, cursor: null };
}

/** Children go with their parents, whatever became of them; a dead letter among them keeps them all. */
export function rulesOf({ completedMs, failedMs, deadLettersMs }: Retention, now: Instant): readonly Rule[] {
  const lettersBefore = deadLettersMs === null ? null : now - deadLettersMs;
  const rules: Rule[] = [];
  if (completedMs !== null)
    rules.push({ statuses: ["completed"], deadLetters: false, endedBefore: now - completedMs, lettersBefore });
  if (failedMs !== null)
    rules.push({ statuses: NOT_COMPLETED, deadLetters: false, endedBefore: now - failedMs, lettersBefore });
  if (lettersBefore !== null)
    rules.push({ statuses: ["failed", "timed_out"], deadLetters: true, endedBefore: lettersBefore, lettersBefore });
  return rules;
}

const NOT_COMPLETED = ["failed", "cancelled", "timed_out"] as const;

/** Says of answers that came too late that they came: a line each, but not a flood of lines. */

import type { Clock } from "../../ports/clock.ts";

const LINES_PER_SECOND = 10;

/** What is left out is counted, and said with the next line. */
export function createLateNotes(clock: Clock, note: (message: string) => void): (taskId: string) => void {
  let second = 0;
  let lines = 0;
  let leftOut = 0;
  return (taskId) => {
    const now = Math.floor(clock.now() / 1000);
    if (now !== second) {
      second = now;
      lines = 0;
    }
    if (lines >= LINES_PER_SECOND) {
      leftOut += 1;
      return;
    }
    lines += 1;
    const others = leftOut === 0 ? "" : ` (and ${leftOut} others before)`;
    leftOut = 0;
    note(`the answer for task ${taskId} came too late and changes nothing${others}`);
  };
}

/** Which step brought an execution down: the last that failed with the error with which it ended. */

import type { RunModel } from "./run-model.ts";

export function failedPath(model: RunModel, seq: number): string | null {
  const error = model.headAt(seq)?.error ?? null;
  if (error === null) return null;
  let last: string | null = null;
  for (let i = Math.min(seq, model.events.length) - 1; i >= 0; i -= 1) {
    const event = model.events[i];
    if (event?.type !== "StepFailed") continue;
    last ??= event.path;
    // Containers fail with what failed in them: the innermost is the one to look at.
    if (event.data.error.code === error.code && event.data.error.message === error.message) {
      return innermost(model, event.path, i, error.message);
    }
  }
  return last;
}

function innermost(model: RunModel, path: string, at: number, message: string): string {
  let found = path;
  for (let i = at - 1; i >= 0; i -= 1) {
    const event = model.events[i];
    if (event?.type !== "StepFailed" || event.data.error.message !== message) continue;
    if (event.path.startsWith(found) && event.path.length > found.length) found = event.path;
  }
  return found;
}

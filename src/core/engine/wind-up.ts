/** The execution only winds up from here on, and what was taken is known again. */

import type { Execution } from "./execution.ts";
import { beginCancelling } from "./scopes.ts";

export function windUp(execution: Execution, ending: NonNullable<Execution["ending"]>): void {
  execution.ending = ending;
  if (execution.status === "paused" && ending.kind === "cancel") {
    // Who cancels wants the end; whatever else ends an execution waits for whoever has paused it.
    execution.status = "running";
    execution.paused = null;
  }
  // A limit holds back what begins and what goes on, and not what winds up.
  if (execution.status === "queued") execution.status = "running";
  if (ending.kind === "return" && execution.root !== null) {
    // A return settles what has failed before it.
    execution.root.error = null;
    execution.root.suppressed = [];
  }
  // The handlers that run after the outermost list, and the fallback step, are among what is cancelled.
  for (const scope of [execution.root, execution.errorSteps.running, execution.fallback]) {
    if (scope !== null) beginCancelling(execution, scope);
  }
}

/** The outermost list is over but for what comes after it. */
export function lookAtEnd(execution: Execution): void {
  if (execution.root !== null) execution.agenda.addScope(execution.root);
}

/** How many ids of commands and events an execution knows again. */
const KNOWN_MAX = 1000;

export function remember(execution: Execution, id: string): void {
  execution.known.add(id);
  if (execution.known.size > KNOWN_MAX) {
    for (const oldest of execution.known) {
      execution.known.delete(oldest);
      break;
    }
  }
}

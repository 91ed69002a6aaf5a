/**
 * The execution after an event. The only code that changes an `Execution`; believes every event, because whether it may
 * happen was settled by `decide`. Evaluates nothing: what an event brings is in its data.
 *
 * What an event means stands in `evolve-execution.ts` and `evolve-step.ts`, one case for each type.
 */

import { Bug } from "../base/bug.ts";
import { parseInstant } from "../base/time.ts";
import type { Definition } from "../language/definition.ts";
import type { HistoryEvent } from "./events.ts";
import { evolveExecution } from "./evolve-execution.ts";
import { evolveStep } from "./evolve-step.ts";
import { createExecution, type Execution } from "./execution.ts";

export function evolve(definition: Definition, execution: Execution, event: HistoryEvent): void {
  // Said only where it is needed: a message for each event that is right would cost more than the event.
  if (event.seq !== execution.length + 1)
    throw new Bug(`Expected event ${event.seq} of ${execution.id} to follow event ${execution.length}.`);
  const at = parseInstant(event.at);
  execution.length = event.seq;
  execution.lastAt = at;
  if (event.path === null) evolveExecution(definition, execution, event, at);
  else evolveStep(definition, execution, event, at);
}

/** The execution that a whole history tells. */
export function replay(
  definition: Definition,
  identity: { id: string; workspace: string },
  events: Iterable<HistoryEvent>,
): Execution {
  const execution = createExecution(identity);
  for (const event of events) {
    evolve(definition, execution, event);
    execution.agenda.tidy();
  }
  return execution;
}

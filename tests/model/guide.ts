/**
 * Where no rule says which of several things comes first, the model does as the engine has done: of all that is possible
 * it takes what stands first in the events of the engine's decision. Everything else it still works out for itself, so a
 * decision that fits no order at all is found out.
 */

import type { HistoryEvent } from "../../src/core/engine/events.ts";
import { isDead } from "./joins.ts";
import { closingFirst } from "./predict.ts";
import type { Agenda, ScopeRun, StepRun } from "./state.ts";

export interface Guide {
  /** The events of the last decision. */
  decision: readonly HistoryEvent[];
  readonly pickNext: (agenda: Agenda) => number;
}

export function createGuide(): Guide {
  const guide: Guide = {
    decision: [],
    pickNext: (agenda) => {
      const places = agenda.map((each) => placeOf(guide.decision, each));
      const first = Math.min(...places);
      const candidates = agenda.filter((_, i) => places[i] === first);
      const chosen = candidates[closingFirst(candidates)];
      return chosen === undefined ? 0 : agenda.indexOf(chosen);
    },
  };
  return guide;
}

function placeOf(decision: readonly HistoryEvent[], each: ScopeRun | StepRun): number {
  const place = decision.findIndex(traceOf(each));
  return place === -1 ? Number.POSITIVE_INFINITY : place;
}

/** By which event it shows that this has happened. */
function traceOf(each: ScopeRun | StepRun): (event: HistoryEvent) => boolean {
  if ("graph" in each) return traceOfEnd(each);
  if (each.isStirred) return (event) => at(each.path, DECIDED)(event) || isNextChild(each, event);
  return at(each.path, isDead(each) ? SKIPPED : BEGUN);
}

type Types = readonly HistoryEvent["type"][];

const SKIPPED: Types = ["StepSkipped"];
const BEGUN: Types = ["StepScheduled", "StepStarted", "StepCompleted", "StepFailed", "StepSkipped"];
const ENDED: Types = ["StepCompleted", "StepFailed", "StepAttemptFailed", "StepCancelled"];
const DECIDED: Types = ["StepClosing", ...ENDED];

function at(path: string | null, types: Types): (event: HistoryEvent) => boolean {
  return (event) => event.path === path && types.includes(event.type);
}

function isNextChild(owner: StepRun, event: HistoryEvent): boolean {
  if (event.type !== "BranchStarted" && event.type !== "IterationStarted") return false;
  const isOwn = event.path.startsWith(`${owner.path}.`) || event.path.startsWith(`${owner.path}[`);
  return isOwn && event.step === owner.step.name && !owner.children.some((scope) => scope.prefix === event.path);
}

/** Where it shows in the history that a scope has ended. The end of a failure path shows in what its scope does next. */
function traceOfEnd(scope: ScopeRun): (event: HistoryEvent) => boolean {
  const owner = scope.owner?.path ?? null;
  switch (scope.kind) {
    case "root":
      return at(null, ["ExecutionCompleted", "ExecutionFailed", "ExecutionCancelled"]);
    case "branch":
      return at(scope.prefix, ["BranchEnded"]);
    case "iteration":
      return at(scope.prefix, ["IterationEnded"]);
    case "try":
      return at(owner, ["CatchStarted", "FinallyStarted", ...ENDED]);
    case "catch":
      return at(owner, ["FinallyStarted", ...ENDED]);
    case "choice":
    case "finally":
      return at(owner, ENDED);
    case "failure":
      return scope.owner === null ? () => false : traceOfEnd(scope.owner.scope);
  }
}

/**
 * An execution as people see it, folded from its history.
 *
 *     events ──evolve──► execution   (what is)
 *        └─────record──► view        (in which order it came, and what the engine has let go of)
 *
 * The engine's own fold says what every step is now, and which steps of begun lists have not begun. Beside it the view
 * keeps the order of first events, the steps of finished iterations, and when the work itself began. Events can be added
 * at any time, so who looks at a running execution again and again pays for what is new only.
 */

import type { Json } from "../base/json.ts";
import { type Instant, toRfc3339 } from "../base/time.ts";
import type { StepError } from "../engine/error.ts";
import type { ExecutionEvent, HistoryEvent, StepEvent } from "../engine/events.ts";
import { evolve } from "../engine/evolve.ts";
import { createExecution, type Execution, isOpen, type StepState } from "../engine/execution.ts";
import { type Definition, ROOT_SCOPE, type Step } from "../language/definition.ts";
import type {
  ExecutionMessage,
  ExecutionStatus,
  NotificationMessage,
  Progress,
  StepMessage,
  StepStatusWord,
  WarningMessage,
} from "./executions.ts";
import { Loops } from "./loops.ts";

export interface View {
  readonly definition: Definition;
  readonly execution: Execution;
  /** By path, in the order of first events. */
  readonly records: Map<string, StepRecord>;
  readonly loops: Loops;
  readonly warnings: WarningMessage[];
  readonly notifications: NotificationMessage[];
  output: Json;
  error: StepError | null;
  finishedAt: Instant | null;
  /** When it began to wind up or to undo; null while it does neither. */
  phaseSince: Instant | null;
  /** Since when a limit holds it back. */
  queuedAt: Instant | null;
}

export interface StepRecord {
  /** What the engine knew of it last: finished iterations are gone from the execution but not from here. */
  state: StepState;
  /** When the work began, as its executor says; null where nobody said. */
  startedAt: Instant | null;
  /** When it came to what it is doing now; null where it has not begun. */
  since: Instant | null;
  fallback: boolean;
}

/** What a view cannot know from events. */
export interface ViewFacts {
  readonly workflowId: string;
  readonly createdAt: Instant;
  /** Of the row: an execution without events is queued. */
  readonly status: ExecutionStatus;
  /** Tasks that somebody works on, by path. */
  readonly leases: ReadonlyMap<string, { readonly since: Instant }>;
}

export function createView(definition: Definition, identity: { id: string; workspace: string }): View {
  const records = new Map<string, StepRecord>();
  return {
    definition,
    execution: createExecution(identity),
    records,
    loops: new Loops((path) => records.delete(path)),
    warnings: [],
    notifications: [],
    output: null,
    error: null,
    finishedAt: null,
    phaseSince: null,
    queuedAt: null,
  };
}

export function addEvent(view: View, event: HistoryEvent): void {
  const { execution } = view;
  const before = leaving(execution);
  evolve(view.definition, execution, event);
  execution.agenda.tidy();
  const now = leaving(execution);
  if (now !== before) view.phaseSince = now === null ? null : Date.parse(event.at);
  if (event.type === "ExecutionQueued") view.queuedAt = Date.parse(event.at);
  if (event.path === null) recordExecution(view, event);
  else recordStep(view, event);
}

export function toMessage(view: View, facts: ViewFacts): ExecutionMessage {
  const { definition, execution } = view;
  const hasBegun = execution.status !== "new" && !(execution.slots?.begins === true && execution.slots.isQueued);
  return {
    execution_id: execution.id,
    workflow_id: facts.workflowId,
    workflow_name: definition.name,
    version: definition.version,
    status: execution.status === "new" ? facts.status : execution.status,
    phase: phaseOf(execution),
    input: execution.input,
    output: view.output,
    error: view.error,
    warnings: view.warnings,
    ...(view.notifications.length === 0 ? {} : { notifications: view.notifications }),
    metadata: execution.metadata,
    created_at: toRfc3339(facts.createdAt),
    started_at: hasBegun ? toRfc3339(execution.startedAt) : null,
    finished_at: timeOf(view.finishedAt),
    duration: hasBegun ? secondsBetween(execution.startedAt, view.finishedAt) : null,
    progress: progressOf(view),
    parent: execution.parent,
    origin: execution.origin,
    steps: [...shownSteps(view, facts)],
  };
}

/** One step as it is now; null where nothing stands at the path. Who follows events asks for what an event touched. */
export function stepAt(view: View, facts: ViewFacts, path: string): StepMessage | null {
  const record = view.records.get(path);
  if (record !== undefined) return toStep(view, facts, record);
  const state = view.execution.steps.get(path);
  return state === undefined ? null : toStep(view, facts, { state, startedAt: null, since: null, fallback: false });
}

function phaseOf(execution: Execution): ExecutionMessage["phase"] {
  return execution.status === "running" ? leaving(execution) : null;
}

/** Also while it is paused. */
function leaving({ ending, compensation }: Execution): ExecutionMessage["phase"] {
  return compensation !== null ? "compensating" : ending !== null ? "closing" : null;
}

/** How far an execution of which nothing has begun is. */
export function noProgress(definition: Definition): Progress {
  return { completed: 0, total: mainSteps(definition) };
}

/** Of what has completed everything is done, also what a `return` passed over. */
export function progressOf({ definition, execution }: View): Progress {
  const total = mainSteps(definition);
  if (execution.status === "completed") return { completed: total, total };
  let completed = 0;
  for (const { index, status } of execution.root?.steps ?? []) {
    const isDone = status === "completed" || status === "skipped";
    if (isDone && !(definition.steps[index] as Step).isSide) completed += 1;
  }
  return { completed, total };
}

function mainSteps(definition: Definition): number {
  const root = definition.scopes[ROOT_SCOPE];
  return (root?.steps ?? []).filter((index) => !(definition.steps[index] as Step).isSide).length;
}

function recordExecution(view: View, event: ExecutionEvent): void {
  switch (event.type) {
    case "WarningRecorded":
      view.warnings.push({ ...event.data, at: event.at });
      return;
    case "ExecutionReopened":
      view.output = null;
      view.error = null;
      view.finishedAt = null;
      if (event.data.compensates === undefined) forgetWhatBeginsAnew(view);
      return;
    case "ExecutionForked":
      view.output = null;
      view.error = null;
      view.finishedAt = null;
      for (const record of [...view.records.values()]) forgetWhatWasOpen(view, record);
      return;
    case "ExecutionCompleted":
      view.output = event.data.output;
      break;
    case "ExecutionFailed":
    case "ExecutionTimedOut":
      view.error = event.data.error;
      break;
    case "ExecutionCancelled":
      view.error = {
        code: "CANCELLED",
        message: event.data.reason,
        details: {
          terminated: event.data.terminated,
          ...(event.data.compensated === undefined ? {} : { compensated: true }),
        },
      };
      break;
    default:
      return;
  }
  view.finishedAt = Date.parse(event.at);
}

/** What the engine dropped at a re-opening has not begun as far as anybody is concerned; completed iterations stay. */
function forgetWhatBeginsAnew(view: View): void {
  const { execution, records, loops } = view;
  for (const [path, record] of records) {
    const state = execution.steps.get(path);
    if (state === record.state) {
      if (state.inner?.kind === "loop") loops.goOn(path, state.inner.running.keys());
      if (state.startedAt === null) record.startedAt = null;
    } else if (!loops.isInCompleted(path)) {
      loops.forget(path);
      records.delete(path);
    }
  }
}

/** What was open where an execution was made of the history of another has not begun as far as this one is concerned. */
function forgetWhatWasOpen(view: View, record: StepRecord): void {
  const { state } = record;
  if (state.status !== "pending") return;
  record.startedAt = null;
  record.since = null;
  forgetInside(view, state);
}

function recordStep(view: View, event: StepEvent): void {
  switch (event.type) {
    case "BranchStarted":
    case "BranchEnded":
      return;
    case "IterationStarted":
      return view.loops.beginIteration(loopOf(event.path), event.data.index);
    case "IterationEnded":
      return view.loops.endIteration(loopOf(event.path), event.data.index, event.data.status);
  }
  if (event.type === "RuleFired" && event.data.notice !== undefined) {
    view.notifications.push({
      at: event.at,
      step: event.step,
      path: event.path,
      rule: event.data.rule,
      ...event.data.notice,
    });
  }
  const record = recordOf(view, event.path);
  if (record === null) return;
  switch (event.type) {
    case "CallRefused":
    case "CircuitAsked":
    case "StepScheduled":
      record.since = Date.parse(event.at);
      return;
    case "StepStarted":
      record.since = Date.parse(event.at);
      if (event.data.detail.kind === "loop") {
        view.loops.begin(event.path, event.data.detail.items?.length ?? event.data.detail.count ?? null);
      }
      return;
    case "StepCompleted":
      record.startedAt ??= instantOf(event.data.started_at);
      record.fallback = event.data.fallback === true;
      return;
    case "StepAttemptFailed":
      record.since = Date.parse(event.at);
      record.startedAt ??= instantOf(event.data.started_at);
      forgetInside(view, record.state);
      return;
    case "StepFailed":
      record.startedAt ??= instantOf(event.data.started_at);
      return;
  }
}

function recordOf(view: View, path: string): StepRecord | null {
  const state = view.execution.steps.get(path);
  const known = view.records.get(path);
  if (state === undefined) return known ?? null;
  if (known !== undefined) {
    if (known.state !== state) {
      known.state = state;
      known.startedAt = null;
      known.since = null;
      known.fallback = false;
    }
    return known;
  }
  const record = { state, startedAt: null, since: null, fallback: false };
  view.records.set(path, record);
  view.loops.addStep(path);
  return record;
}

/** The next attempt of a container begins with nothing in it. */
function forgetInside(view: View, { path, index }: StepState): void {
  if (!isContainer(view.definition.steps[index] as Step)) return;
  view.loops.forget(path);
  for (const other of view.records.keys()) {
    if (other.startsWith(path) && other.length > path.length && ".[:".includes(other.charAt(path.length))) {
      view.loops.forget(other);
      view.records.delete(other);
    }
  }
}

function isContainer({ spec }: Step): boolean {
  return ["condition", "switch", "parallel", "loop", "try"].includes(spec.kind);
}

function* shownSteps(view: View, facts: ViewFacts): Iterable<StepMessage> {
  for (const record of view.records.values()) yield toStep(view, facts, record);
  for (const [path, state] of view.execution.steps) {
    const hasNotBegun = state.status === "pending" && !view.records.has(path);
    if (hasNotBegun && (state.scope.status !== "ended" || view.execution.hasEnded)) {
      yield toStep(view, facts, { state, startedAt: null, since: null, fallback: false });
    }
  }
}

function toStep(view: View, facts: ViewFacts, record: StepRecord): StepMessage {
  const { state } = record;
  const { name, type, spec } = view.definition.steps[state.index] as Step;
  const lease = state.status === "scheduled" ? facts.leases.get(state.path) : undefined;
  const isTask = spec.kind === "function" || spec.kind === "http" || spec.kind === "script" || spec.kind === "external";
  // Of a task the engine knows when it was scheduled; when the work began is known by who does it.
  const begun = record.startedAt ?? lease?.since ?? (isTask && state.finishedAt === null ? null : state.startedAt);
  const iterations = view.loops.counts(state.path);
  return {
    name,
    path: state.path,
    type,
    status: lease !== undefined && !view.execution.hasEnded ? "running" : statusOf(view, state),
    reason: state.reason,
    attempts: state.attempt,
    started_at: timeOf(begun),
    finished_at: timeOf(finishedAt(view, state)),
    duration: begun === null ? null : secondsBetween(begun, finishedAt(view, state)),
    output: state.output,
    error: state.error,
    fallback: record.fallback,
    ...(iterations === null ? {} : { iterations }),
  };
}

/** An execution that was ended at once leaves steps behind that nobody ended one by one. */
function statusOf({ execution }: View, state: StepState): StepStatusWord {
  return execution.hasEnded && (isOpen(state) || state.status === "pending") ? "cancelled" : state.status;
}

function finishedAt({ execution, finishedAt }: View, state: StepState): Instant | null {
  return execution.hasEnded && isOpen(state) ? finishedAt : state.finishedAt;
}

function loopOf(iteration: string): string {
  return iteration.slice(0, iteration.lastIndexOf("["));
}

function instantOf(text: string | undefined): Instant | null {
  return text === undefined ? null : Date.parse(text);
}

function timeOf(instant: Instant | null): string | null {
  return instant === null ? null : toRfc3339(instant);
}

function secondsBetween(from: Instant, to: Instant | null): number | null {
  return to === null ? null : Math.max(0, to - from) / 1000;
}

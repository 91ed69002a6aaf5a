/**
 * An execution at every moment of its history.
 *
 *     events ──addEvent──► view ──what an event touched──► tracks:  path ──► [(seq, step), (seq, step), ...]
 *
 * The platform's own fold (`core/protocol/view.ts`) runs once over the events, with the definition of their version. Of each
 * step only the changes are kept, so any moment is a search in them: going back costs what going on costs, and a history that
 * grows is never folded again. Without a definition (an imported history of a workflow that is not known here) there are
 * events, lines of time and data, but no states.
 */

import type { Json } from "../../../src/core/base/json.ts";
import type { StepError } from "../../../src/core/engine/error.ts";
import type { HistoryEvent, StepEvent } from "../../../src/core/engine/events.ts";
import type { Definition } from "../../../src/core/language/definition.ts";
import type { ExecutionStatus, Progress, StepMessage } from "../../../src/core/protocol/executions.ts";
import {
  addEvent,
  createView,
  progressOf,
  stepAt,
  type View,
  type ViewFacts,
} from "../../../src/core/protocol/view.ts";
import { isWithin, parentOf } from "./paths.ts";
import { addToSegments, closeSegments, type Segment } from "./segments.ts";

/** The execution as a whole from `seq` on. */
export interface Head {
  readonly seq: number;
  readonly status: ExecutionStatus;
  readonly phase: "closing" | "compensating" | null;
  readonly output: Json;
  readonly error: StepError | null;
  readonly progress: Progress | null;
}

interface Change {
  readonly seq: number;
  readonly step: StepMessage | null;
}

/** A place in the tree: a step, a branch or an iteration. */
export interface Place {
  readonly path: string;
  readonly children: Place[];
  readonly segments: Segment[];
  readonly changes: Change[];
  /** Inputs by the number of the event that told them. */
  readonly inputs: { readonly seq: number; readonly input: Json }[];
  /** The child execution that it started. */
  child: string | null;
  firstSeq: number;
}

const NO_LEASES: ViewFacts["leases"] = new Map();

export class RunModel {
  readonly events: HistoryEvent[] = [];
  readonly places = new Map<string, Place>();
  readonly roots: Place[] = [];
  readonly heads: Head[] = [];
  readonly definition: Definition | null;
  readonly #view: View | null;
  readonly #facts: ViewFacts;
  /** Why the fold went no further; null: it goes on. */
  failure: string | null = null;

  constructor(definition: Definition | null, id: string) {
    this.definition = definition;
    this.#view = definition === null ? null : createView(definition, { id, workspace: "default" });
    this.#facts = { workflowId: "", createdAt: 0, status: "queued", leases: NO_LEASES };
  }

  get lastSeq(): number {
    return this.events.at(-1)?.seq ?? 0;
  }

  get hasStates(): boolean {
    return this.#view !== null && this.failure === null;
  }

  add(event: HistoryEvent): void {
    if (event.seq !== this.lastSeq + 1) return;
    this.events.push(event);
    if (event.path !== null) this.#note(event);
    if (this.#view !== null && this.failure === null) this.#fold(this.#view, event);
    else if (event.path === null) this.#headWithoutView(event);
    if (isTerminal(event))
      for (const place of this.places.values()) closeSegments(place.segments, Date.parse(event.at));
  }

  headAt(seq: number): Head | null {
    return lastUpTo(this.heads, seq);
  }

  stepAt(path: string, seq: number): StepMessage | null {
    const place = this.places.get(path);
    return place === undefined ? null : (lastUpTo(place.changes, seq)?.step ?? null);
  }

  inputAt(path: string, seq: number): { readonly input: Json } | null {
    const place = this.places.get(path);
    return place === undefined ? null : lastUpTo(place.inputs, seq);
  }

  /** All steps that had begun or ended by then, in the order in which they came. */
  stepsAt(seq: number): readonly StepMessage[] {
    const steps: StepMessage[] = [];
    for (const { changes, firstSeq } of this.places.values()) {
      if (firstSeq > seq) continue;
      const step = lastUpTo(changes, seq)?.step ?? null;
      if (step !== null) steps.push(step);
    }
    return steps;
  }

  eventAt(seq: number): HistoryEvent | null {
    return this.events[seq - 1] ?? null;
  }

  /** The last event at that time or before it. */
  seqAtTime(at: number): number {
    let low = 0;
    let high = this.events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (Date.parse((this.events[middle] as HistoryEvent).at) <= at) low = middle + 1;
      else high = middle;
    }
    return Math.max(1, low);
  }

  #note(event: StepEvent): void {
    const place = this.#placeOf(event.path, event.seq);
    addToSegments(place.segments, event);
    const { data } = event;
    if ("input" in data && data.input !== undefined) place.inputs.push({ seq: event.seq, input: data.input });
    if (event.type === "StepStarted" && event.data.detail.kind === "workflow") {
      place.child = event.data.detail.execution_id;
    }
  }

  #placeOf(path: string, seq: number): Place {
    const known = this.places.get(path);
    if (known !== undefined) return known;
    const place: Place = { path, children: [], segments: [], changes: [], inputs: [], child: null, firstSeq: seq };
    const parent = parentOf(path);
    // The parent first: maps keep the order in which things came.
    const list = parent === null ? this.roots : this.#placeOf(parent, seq).children;
    list.push(place);
    this.places.set(path, place);
    return place;
  }

  #fold(view: View, event: HistoryEvent): void {
    try {
      addEvent(view, event);
    } catch (error) {
      // A history that does not fit the text of its version: what can be shown without states is shown.
      this.failure = error instanceof Error ? error.message : String(error);
      return;
    }
    if (event.path === null) {
      this.#refreshAll(view, event);
      this.#addHead(view, event.seq);
      return;
    }
    this.#refresh(view, event.path, event.seq);
    if (event.type === "IterationStarted" || event.type === "IterationEnded") {
      this.#refresh(view, parentOf(event.path) ?? event.path, event.seq);
    }
    if (event.type === "StepAttemptFailed") this.#refreshInside(view, event.path, event.seq);
    if (parentOf(event.path) === null) this.#addHead(view, event.seq);
  }

  #refresh(view: View, path: string, seq: number): void {
    const place = this.places.get(path);
    if (place === undefined) return;
    const step = stepAt(view, this.#facts, path);
    const last = place.changes.at(-1)?.step ?? null;
    if (step === null && last === null) return;
    place.changes.push({ seq, step });
  }

  /** After what concerns the execution as a whole: what is open may have ended, what had ended may begin again. */
  #refreshAll(view: View, event: HistoryEvent): void {
    const changesMany =
      isTerminal(event) ||
      event.type === "ExecutionReopened" ||
      event.type === "ExecutionForked" ||
      event.type === "ExecutionRestarted";
    if (!changesMany) return;
    const beginsAnew = !isTerminal(event);
    for (const [path, { changes }] of this.places) {
      const last = changes.at(-1)?.step ?? null;
      if (last === null) continue;
      const now = stepAt(view, this.#facts, path);
      // Iterations that ended long ago are counted and let go of by the view; here they stay as they were.
      if (now === null && (!beginsAnew || last.status === "completed" || last.status === "skipped")) continue;
      if (now?.status !== last.status || now.finished_at !== last.finished_at)
        changes.push({ seq: event.seq, step: now });
    }
  }

  /** The next attempt of a container begins with nothing in it. */
  #refreshInside(view: View, above: string, seq: number): void {
    const inner = this.places.get(above)?.children ?? [];
    for (const { path, changes, children } of inner) {
      if (
        isWithin(path, above) &&
        (changes.at(-1)?.step ?? null) !== null &&
        stepAt(view, this.#facts, path) === null
      ) {
        changes.push({ seq, step: null });
      }
      if (children.length > 0) this.#refreshInside(view, path, seq);
    }
  }

  #addHead(view: View, seq: number): void {
    const { execution } = view;
    const { status } = execution;
    this.heads.push({
      seq,
      status: status === "new" ? "queued" : status,
      phase:
        status !== "running"
          ? null
          : execution.compensation !== null
            ? "compensating"
            : execution.ending !== null
              ? "closing"
              : null,
      output: view.output,
      error: view.error,
      progress: progressOf(view),
    });
  }

  #headWithoutView(event: HistoryEvent): void {
    const last = this.heads.at(-1);
    const status = STATUS_AFTER[event.type] ?? last?.status ?? "running";
    this.heads.push({
      seq: event.seq,
      status,
      phase: null,
      output: event.type === "ExecutionCompleted" ? event.data.output : null,
      error: event.type === "ExecutionFailed" || event.type === "ExecutionTimedOut" ? event.data.error : null,
      progress: null,
    });
  }
}

const STATUS_AFTER: Readonly<Partial<Record<HistoryEvent["type"], ExecutionStatus>>> = {
  ExecutionQueued: "queued",
  ExecutionPaused: "paused",
  ExecutionResumed: "running",
  ExecutionAdmitted: "running",
  ExecutionReopened: "running",
  ExecutionCompleted: "completed",
  ExecutionFailed: "failed",
  ExecutionCancelled: "cancelled",
  ExecutionTimedOut: "timed_out",
};

export function isTerminal({ type }: HistoryEvent): boolean {
  return (
    type === "ExecutionCompleted" ||
    type === "ExecutionFailed" ||
    type === "ExecutionCancelled" ||
    type === "ExecutionTimedOut"
  );
}

/** Of entries in the order of their numbers, the last whose number is not above `seq`. */
export function lastUpTo<T extends { readonly seq: number }>(entries: readonly T[], seq: number): T | null {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((entries[middle] as T).seq <= seq) low = middle + 1;
    else high = middle;
  }
  return entries[low - 1] ?? null;
}

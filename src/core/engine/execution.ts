/**
 * An execution as far as its history tells: a tree of scopes and steps.
 *
 *     execution ── root scope ── step "fan" ── branch scope "left" ── step "charge"
 *                            └── step "each" ── iteration scope [3] ── step "reserve"
 *
 * Only `evolve` changes it, in place: the shard that owns the execution is the only one to hold it. What is finished in an
 * iteration is let go of, so that the size follows what is alive and not what is past.
 *
 * `agenda` and `timers` are no state but working lists: everything in them can be seen in the tree as well. `toPlain`
 * leaves them out; two executions are equal when their plain forms are.
 */

import type { Json, JsonObject } from "../base/json.ts";
import type { Instant } from "../base/time.ts";
import type { ScopeIndex, StepIndex } from "../language/definition.ts";
import { Agenda } from "./agenda.ts";
import type { StepError } from "./error.ts";
import type { Closing, ErrorStage, FilledPlace, OriginLink, ParentLink, ScopeStatus, SkipReason } from "./events.ts";
import type { SlotNeed } from "./sharing.ts";
import { Timers } from "./timers.ts";

export type ExecutionStatus =
  | "new"
  | "queued"
  | "running"
  | "paused"
  | "completed"
  | "failed"
  | "cancelled"
  | "timed_out";

export type StepStatus =
  | "pending"
  /** A task of it waits for an executor or is with one. */
  | "scheduled"
  /** A container in which something goes on. */
  | "running"
  /** Waits for a time, an event, a child, or its next attempt. */
  | "waiting"
  | "completed"
  | "failed"
  | "skipped"
  | "cancelled"
  /** It had completed and was undone. */
  | "compensated";

export class Execution {
  readonly id: string;
  readonly workspace: string;
  status: ExecutionStatus = "new";
  /** Number of the last event. */
  length = 0;
  lastAt: Instant = 0;
  startedAt: Instant = 0;
  version = "";
  input: Json = null;
  metadata: JsonObject = {};
  priority = 5;
  parent: ParentLink | null = null;
  origin: OriginLink | null = null;
  /** When the workflow's time-out is over. */
  due: Instant | null = null;
  /** The time of a run: what the start asked for, else what the workflow says. */
  runTimeoutMs: number | null = null;
  /** When the time of the run is over that the platform allows at most. */
  limitDue: Instant | null = null;
  paused: Paused | null = null;
  /** The slots that it needs to run; null where nothing limits it. */
  slots: SlotsHeld | null = null;
  /** Set once the execution only winds up. */
  ending: Ending | null = null;
  root: ScopeState | null = null;
  /** Every step of the scopes that are kept, by path. */
  readonly steps: Map<string, StepState> = new Map();
  /** What `set` steps have set. */
  readonly variables: Map<string, Json> = new Map();
  /** Signals that no wait has taken yet, oldest first. */
  readonly signals: KeptSignal[] = [];
  /** Steps that wait for a signal or event, in the order in which they began to. */
  readonly eventWaits: Set<StepState> = new Set();
  /** Ids of the last commands and events that were taken, to know them again. */
  readonly known: Set<string> = new Set();
  childrenCount = 0;
  /**
   * Attempts of steps that were let go of and may begin again: their numbers go on counting. By path; for the completed
   * iterations of a loop that begins anew the most that any of them had, under `each[].reserve`.
   */
  readonly attempts: Map<string, number> = new Map();
  /** Completed steps that have a compensation, oldest first. */
  readonly undoable: StepState[] = [];
  /** Inputs that were given by hand, by path: what the steps get in place of their own. */
  readonly stepInputs: Map<string, Json> = new Map();
  /** Set while and after what completed is undone. */
  compensation: Compensation | null = null;
  /** Error rules that have fired: each does so once. */
  readonly firedRules: Set<number> = new Set();
  /** The steps of `error_handling` that run or are next; `over` are those that need not run (again). */
  errorSteps: ErrorSteps = { over: [], stage: null, place: 0, running: null };
  /** The run of the workflow's fallback step. */
  fallback: ScopeState | null = null;
  /** How often the time-out has begun the unfinished steps again. */
  restarts = 0;
  /** It has been warned that its history comes near a limit. */
  isNearLimit = false;
  /** Steps whose task is scheduled. */
  openTasks = 0;

  readonly agenda: Agenda = new Agenda();
  readonly timers: Timers = new Timers();

  constructor(id: string, workspace: string) {
    this.id = id;
    this.workspace = workspace;
  }

  /** The next time at which a timer is due; null while there is none, or while the execution is paused or has ended. */
  get wakeAt(): Instant | null {
    if (this.status !== "running") return null;
    return this.timers.next();
  }

  /** A decision stopped at its limit: a `Continue` goes on with it. */
  get hasWork(): boolean {
    return this.status === "running" && !this.agenda.isEmpty;
  }

  get hasEnded(): boolean {
    return this.status !== "new" && this.status !== "queued" && this.status !== "running" && this.status !== "paused";
  }
}

export interface SlotsHeld {
  readonly needs: readonly SlotNeed[];
  /** How many of them it holds, from the first on. */
  held: number;
  /** It waits for the next of them; else it has all of them, or has given them back. */
  isQueued: boolean;
  /** The number of the event with which it began to wait: tells this time from earlier ones. */
  turn: number;
  /** Nothing of the execution has begun before it waited. */
  begins: boolean;
  /** The time-out that begins with the admission; undefined where it counts already. */
  timeoutMs: number | null | undefined;
}

export interface Paused {
  readonly at: Instant;
  /** Since when timers stand still; null: they go on, and act at the end of the pause. */
  readonly frozenAt: Instant | null;
  /** A pause of the parent ends with the parent's; one that was asked for of this execution does not. */
  readonly by: "request" | "parent";
}

export interface ErrorSteps {
  over: readonly ErrorStage[];
  stage: ErrorStage | null;
  place: number;
  running: ScopeState | null;
}

export interface Compensation {
  /** Newest completion first; a place in this list tells one from another. */
  readonly steps: readonly StepState[];
  /** The place of the next one to begin. */
  next: number;
  /** Those that are being undone, by their places. */
  readonly running: Map<number, ScopeState>;
  ended: number;
}

export type Ending =
  /** `compensates`: it had ended, and is undone by hand. */
  | { readonly kind: "cancel"; readonly reason: string; readonly compensates: boolean }
  | { readonly kind: "timeout"; readonly error: StepError }
  /** An error rule has ended the execution. */
  | { readonly kind: "error"; readonly error: StepError; readonly rule: number }
  /** The workflow's time-out begins the unfinished steps again, or runs the fallback step. */
  | { readonly kind: "restart"; readonly error: StepError }
  | { readonly kind: "fallback"; readonly error: StepError }
  /** `error` is that of a `finally` that failed on the way out. */
  | { readonly kind: "return"; readonly output: Json; error: StepError | null };

export interface KeptSignal {
  readonly seq: number;
  readonly name: string;
  readonly data: Json;
  /** About how long it is as JSON. */
  readonly bytes: number;
}

/** The index of a scope that is no list of the text: one step that was called by name. */
export const CALL_SCOPE = -1;

/** What a step is called for. */
export type CallRole = "fallback" | "compensate" | "error";

/** A list of steps that has begun, or one called step. */
export interface ScopeState {
  readonly index: ScopeIndex;
  /** What stands before a step's name in its path: empty, or ends with a dot. */
  readonly prefix: string;
  /** The step that contains it; null for the root. Of an inline failure path: the step that failed. */
  readonly owner: StepState | null;
  /** Where names are looked up next. */
  readonly parent: ScopeState | null;
  /** Names that hold in here only: a loop's item and index, a caught error. */
  readonly names: ReadonlyMap<string, Json> | null;
  /** The iteration's number; null outside of loops. */
  readonly iteration: number | null;
  /** What it was called for; null where it is a list of the text. */
  readonly role: CallRole | null;
  status: "running" | "failing" | "cancelling" | "ended";
  outcome: ScopeStatus | null;
  /** The first failure that nothing recovered; the scope fails with it. */
  error: StepError | null;
  suppressed: StepError[];
  /** While failing: the steps of the failure path, which are not cancelled. */
  spared: ReadonlySet<StepIndex>;
  /** The inline path `on_failure: {steps}` while and after it runs. */
  failurePath: ScopeState | null;
  /** How many of its steps (and its inline path) have begun and not ended. */
  open: number;
  /** By position. */
  readonly steps: StepState[];
  /** Steps whose incoming edges are settled and that have not been looked at. */
  ready: StepState[];
}

export interface StepState {
  readonly index: StepIndex;
  readonly path: string;
  readonly scope: ScopeState;
  status: StepStatus;
  reason: SkipReason | null;
  /** The attempt that runs or ran last, from 1; 0 before the first. Goes on counting over re-openings. */
  attempt: number;
  /** What `attempt` was at the last re-opening. */
  attemptBase: number;
  startedAt: Instant | null;
  finishedAt: Instant | null;
  /** Number of the event that ended it: the order of ends. */
  endSeq: number;
  input: Json | undefined;
  output: Json;
  error: StepError | null;
  /** Incoming edges that are taken and dead, and what follows from them once that is settled. */
  taken: number;
  dead: number;
  settled: "run" | "dead" | null;
  /** Ended by hand before its turn had come: its own edges are marked once its turn comes. */
  holdsEdges: boolean;
  /** Set while the step winds up. */
  closing: Closing | null;
  /** When this attempt of a step that does not call out is given up. */
  deadline: Instant | null;
  /** When all attempts together are given up. */
  totalDeadline: Instant | null;
  /** When its pause or the delay before its next attempt is over. */
  wake: Instant | null;
  inner: Inner | null;
  /** The run of its fallback, which takes the step's place after it has failed. */
  fallback: ScopeState | null;
}

export type Inner =
  | TaskInner
  | ChoiceInner
  | ParallelInner
  | LoopInner
  | TryInner
  | ChildInner
  | WaitInner
  | EventInner;

export interface TaskInner {
  readonly kind: "task";
  readonly executor: string;
  readonly function: string;
  readonly secrets: readonly FilledPlace[];
  scheduledAt: Instant;
  /** Null: the step has no breaker. */
  circuit: TaskCircuit | null;
}

export interface TaskCircuit {
  readonly target: string;
  /** `fail`, `wait`: it has asked the breaker and waits for the answer. `permit`: it was let through to see. */
  readonly standing: "none" | "permit" | "fail" | "wait";
}

export interface ChoiceInner {
  readonly kind: "choice";
  readonly scope: ScopeState | null;
}

export interface ParallelInner {
  readonly kind: "parallel";
  /** By the branch's place; null if it has not begun. */
  readonly branches: (ScopeState | null)[];
  running: number;
  completed: number;
  failed: number;
  firstError: StepError | null;
}

export interface LoopInner {
  readonly kind: "loop";
  /** What `iterate_over` gave, chunks already cut; null for the other kinds. */
  readonly items: readonly Json[] | null;
  /** How many iterations there will be; null for `while`. */
  readonly count: number | null;
  started: number;
  readonly running: Map<number, ScopeState>;
  completed: number;
  failed: number;
  cancelled: number;
  firstError: StepError | null;
  /** Of finished iterations, what the definition reads. */
  readonly kept: Map<number, KeptIteration>;
  /** Iterations that did not complete: a retry of the execution goes on in them. */
  readonly broken: Map<number, ScopeState>;
  /** Of the steps of completed iterations the most attempts: where the loop begins anew, theirs go on from there. */
  readonly attempts: Map<string, number>;
}

export interface KeptIteration {
  readonly index: number;
  readonly status: ScopeStatus;
  readonly error: StepError | null;
  readonly steps: JsonObject;
}

export interface TryInner {
  readonly kind: "try";
  phase: "body" | "catch" | "finally";
  readonly body: ScopeState;
  catch: ScopeState | null;
  finally: ScopeState | null;
}

export interface ChildInner {
  readonly kind: "child";
  readonly executionId: string;
  readonly workflow: string;
  readonly version: string | null;
}

export interface WaitInner {
  readonly kind: "wait";
}

export interface EventInner {
  readonly kind: "event";
  readonly event: string;
  readonly correlation: string | null;
}

export function createExecution(identity: { id: string; workspace: string }): Execution {
  return new Execution(identity.id, identity.workspace);
}

export function isOpen(step: StepState): boolean {
  return step.status === "scheduled" || step.status === "running" || step.status === "waiting";
}

/** Its next attempt has asked the circuit breaker whether it may begin. */
export function isAsking({ status, inner }: StepState): boolean {
  if (status !== "waiting" || inner?.kind !== "task") return false;
  return inner.circuit?.standing === "fail" || inner.circuit?.standing === "wait";
}

/** The scopes in a step that are kept, whether they run or have ended. */
export function scopesIn(step: StepState): readonly ScopeState[] {
  const own = ownScopes(step);
  return step.fallback === null ? own : [...own, step.fallback];
}

/** Those of its own work, without its fallback. */
export function ownScopes(step: StepState): readonly ScopeState[] {
  const inner = step.inner;
  switch (inner?.kind) {
    case "choice":
      return inner.scope === null ? [] : [inner.scope];
    case "parallel":
      return inner.branches.filter((branch) => branch !== null);
    case "loop":
      return [...inner.running.values(), ...inner.broken.values()];
    case "try":
      return [inner.body, inner.catch, inner.finally].filter((scope) => scope !== null);
    default:
      return [];
  }
}

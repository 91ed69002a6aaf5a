/** A decision in progress: the events made so far, each applied as it is made, and what evaluations may read. */

import type { Json } from "../base/json.ts";
import { bytesLeft } from "../base/json.ts";
import { createRandom, type Random } from "../base/random.ts";
import { type Instant, toRfc3339 } from "../base/time.ts";
import type { Definition, Step } from "../language/definition.ts";
import { ExpressionError } from "../language/expressions/evaluation.ts";
import type { Expression, Value } from "../language/expressions/expression.ts";
import { type CircuitView, CLOSED_CIRCUIT } from "./circuit.ts";
import { reportOf } from "./circuit-report.ts";
import type { StepError } from "./error.ts";
import type { ExecutionEventData, HistoryEvent, StepEventData } from "./events.ts";
import { evolve } from "./evolve.ts";
import type { Execution, ScopeState, StepState } from "./execution.ts";
import { type Extras, Roots } from "./roots.ts";

/** What a decision gets from the host. */
export interface DecisionContext {
  /** The wall clock. Taken as the time of the execution's last event where it is behind that. */
  readonly now: Instant;
  /** Environment variables that configuration allows `env.` to read. */
  readonly environment: ReadonlyMap<string, string>;
  readonly limits: EngineLimits;
  /** Of the history so far; absent: nobody has counted. */
  readonly historyBytes?: number;
  /** What is alive was found to be more than it may be. */
  readonly isStateFull?: boolean;
  /** The circuit breaker of a target, as a copy of it says; absent: all are closed. */
  readonly circuit?: (target: string) => CircuitView;
}

export interface EngineLimits {
  /** Longest input or output of a step, in bytes of JSON. */
  readonly payloadBytesMax: number;
  readonly historyEventsMax: number;
  readonly historyBytesMax: number;
  /** The longest time of one run, whatever its workflow says; null: none. */
  readonly executionTimeoutMs: number | null;
}

export const ENGINE_LIMITS: EngineLimits = {
  payloadBytesMax: 1_048_576,
  historyEventsMax: 2_000_000,
  historyBytesMax: 512 * 1_048_576,
  executionTimeoutMs: null,
};

/** One decision stops after this many events, so that a long run of local steps does not hold up its neighbours. */
const EVENTS_MAX = 1000;

/** ... or once inputs and outputs of so many bytes have been decided: they become one text. */
const BYTES_MAX = 4 * 1_048_576;

export class Decision {
  readonly definition: Definition;
  readonly execution: Execution;
  readonly now: Instant;
  readonly limits: EngineLimits;
  readonly events: HistoryEvent[] = [];
  readonly isStateFull: boolean;
  readonly circuit: (target: string) => CircuitView;
  private readonly bytesBefore: number;
  /** Of the inputs and outputs so far. */
  private bytes = 0;
  readonly environment: ReadonlyMap<string, string>;
  private readonly at: string;
  private drawn: Random | null = null;

  constructor(definition: Definition, execution: Execution, context: DecisionContext) {
    this.definition = definition;
    this.execution = execution;
    this.now = Math.max(context.now, execution.lastAt);
    this.at = toRfc3339(this.now);
    this.environment = context.environment;
    this.limits = context.limits;
    this.bytesBefore = context.historyBytes ?? 0;
    this.isStateFull = context.isStateFull ?? false;
    this.circuit = context.circuit ?? (() => CLOSED_CIRCUIT);
  }

  /** Chance for the whole decision: two evaluations of one step draw one after the other, and never the same. */
  readonly random: Random = () => {
    this.drawn ??= createRandom(`${this.execution.id}/${this.execution.length}`);
    return this.drawn();
  };

  get isFull(): boolean {
    return this.events.length >= EVENTS_MAX || this.bytes >= BYTES_MAX;
  }

  /** Near enough: of what this decision adds only inputs and outputs count. */
  get historyBytes(): number {
    return this.bytesBefore + this.bytes;
  }

  record<T extends keyof ExecutionEventData>(type: T, data: ExecutionEventData[T]): void {
    this.add({
      seq: this.execution.length + 1,
      type,
      at: this.at,
      step: null,
      path: null,
      attempt: null,
      data,
    } as HistoryEvent);
  }

  recordStep<T extends keyof StepEventData>(
    type: T,
    step: StepState,
    data: StepEventData[T],
    attempt: number = step.attempt,
  ): void {
    const circuit = reportOf(this, step, type, data);
    this.recordPlace(type, step, step.path, circuit === null ? data : { ...data, circuit }, attempt);
  }

  /** About a branch or iteration of `step`, at its own path. */
  recordPlace<T extends keyof StepEventData>(
    type: T,
    step: StepState,
    path: string,
    data: StepEventData[T],
    attempt: number = step.attempt,
  ): void {
    const { name } = this.definition.steps[step.index] as Step;
    this.add({ seq: this.execution.length + 1, type, at: this.at, step: name, path, attempt, data } as HistoryEvent);
  }

  /** When the workflow's time-out is over that begins now; `timeoutMs` stands in place of the definition's. */
  dueAt(timeoutMs: number | null): string | null {
    const ms = timeoutMs ?? this.definition.timeoutMs;
    return ms === null ? null : toRfc3339(this.now + ms);
  }

  /** When the time is over that the platform allows a run which begins now; nothing where it allows any. */
  limitDue(): { readonly limit_due?: string } {
    const { executionTimeoutMs } = this.limits;
    return executionTimeoutMs === null ? {} : { limit_due: toRfc3339(this.now + executionTimeoutMs) };
  }

  stepOf(step: StepState): Step {
    return this.definition.steps[step.index] as Step;
  }

  /** As seen from a step, or from a list of steps. `ended`: a step that is seen as it is about to end. */
  roots(from: StepState | ScopeState, extras?: Extras, ended?: StepState): Roots {
    return new Roots(this, from, extras, ended);
  }

  /** Throws `ExpressionError`. */
  evaluate(value: Value, from: StepState | ScopeState, extras?: Extras, ended?: StepState): Json {
    return value.constant !== undefined ? value.constant : value.evaluate(this.roots(from, extras, ended));
  }

  /** Throws `ExpressionError`, also where the condition gives neither true, false nor null. */
  holds(condition: Expression, from: StepState | ScopeState, extras?: Extras, ended?: StepState): boolean {
    const value = condition.evaluate(this.roots(from, extras, ended));
    if (value === true) return true;
    if (value === false || value === null) return false;
    throw new ExpressionError(
      `Expected the condition ${condition.source} to give true or false, but it gave ${Array.isArray(value) ? "an array" : `a value of type ${typeof value}`}.`,
      0,
    );
  }

  /** Throws `StepFailure` with `PAYLOAD_TOO_LARGE`. */
  checkPayload(step: StepState, value: Json, what: "input" | "output"): void {
    const limit = this.limits.payloadBytesMax;
    const left = bytesLeft(value, limit);
    this.bytes += limit - left;
    if (left >= 0) return;
    throw new StepFailure({
      code: "PAYLOAD_TOO_LARGE",
      message: `Expected the ${what} of step "${this.stepOf(step).name}" to be at most ${limit} bytes of JSON, but it is longer. Pass a reference to the data, or raise limits.payload.`,
    });
  }

  private add(event: HistoryEvent): void {
    this.events.push(event);
    evolve(this.definition, this.execution, event);
  }
}

/** Ends what a step is doing with an error of the step; caught where steps begin and end, never further up. */
export class StepFailure extends Error {
  override readonly name = "StepFailure";
  readonly error: StepError;

  constructor(error: StepError) {
    super(error.message);
    this.error = error;
  }
}

/** The step's error for what an evaluation threw; anything else is a bug and is thrown on. */
export function errorFrom(thrown: unknown): StepError {
  if (thrown instanceof StepFailure) return thrown.error;
  if (thrown instanceof ExpressionError) return { code: "EXPRESSION_ERROR", message: thrown.message };
  throw thrown;
}

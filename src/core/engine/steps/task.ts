/**
 * Steps that leave the engine: functions of executors, and the types that a built-in executor performs outside the loop
 * (`@http`, `@script`, `@grpc` ...). The engine schedules an attempt and hears of its end by a command.
 */

import { assert } from "../../base/bug.ts";
import type { Json, JsonObject } from "../../base/json.ts";
import { isObject } from "../../base/json.ts";
import { toRfc3339 } from "../../base/time.ts";
import { targetOf } from "../../language/breakers.ts";
import type { HttpSpec, Step } from "../../language/definition.ts";
import type { Value } from "../../language/expressions/expression.ts";
import type { CompleteTask, FailTask } from "../commands.ts";
import type { Decision } from "../decision.ts";
import { type Answered, complete, fail } from "../ends.ts";
import type { FilledPlace, StepEventData } from "../events.ts";
import type { StepState } from "../execution.ts";
import { passageOf } from "./circuit.ts";
import { hasInput, inputOf } from "./start.ts";

export function beginTask(decision: Decision, step: StepState, definition: Step): void {
  const data = callOf(decision, step, definition);
  const attempt = step.attempt + 1;
  const { circuitBreaker } = definition;
  const target =
    circuitBreaker === null ? null : targetOf(decision.definition, definition, data.input ?? step.input ?? null);
  if (circuitBreaker === null || target === null) return decision.recordStep("StepScheduled", step, data, attempt);
  if (passageOf(decision, step, target) === "may begin")
    return decision.recordStep("StepScheduled", step, { ...data, circuit: { target } }, attempt);
  decision.recordStep("CircuitAsked", step, { ...data, circuit: { target, mode: circuitBreaker.onOpen } }, attempt);
}

function callOf(decision: Decision, step: StepState, definition: Step): StepEventData["StepScheduled"] {
  if (step.inner?.kind === "task" && step.input !== undefined) {
    // A further attempt: same work, same input, same secrets.
    return { executor: step.inner.executor, function: step.inner.function };
  }
  const work = workOf(decision, step, definition);
  decision.checkPayload(step, work.input, "input");
  return {
    executor: work.executor,
    function: work.function,
    input: work.input,
    ...(work.secrets.length === 0 ? {} : { secrets: work.secrets }),
    ...(definition.totalTimeoutMs === null ? {} : { total_due: toRfc3339(decision.now + definition.totalTimeoutMs) }),
  };
}

interface Work {
  readonly executor: string;
  readonly function: string;
  readonly input: Json;
  readonly secrets: readonly FilledPlace[];
}

function workOf(decision: Decision, step: StepState, { spec, type, input }: Step): Work {
  switch (spec.kind) {
    case "function":
      return { executor: spec.executor, function: spec.function, input: inputOf(decision, step), secrets: [] };
    case "script":
      return {
        executor: "@script",
        function: spec.language,
        input: { language: spec.language, source: spec.source, input: inputOf(decision, step) },
        secrets: [],
      };
    case "http":
      return {
        executor: "@http",
        function: "request",
        input: requestOf(decision, step, spec),
        secrets: [...placesOf(decision, step, spec.request, []), ...placesOf(decision, step, input, ["input"])],
      };
    case "external": {
      const config = decision.evaluate(spec.config, step);
      return {
        executor: `@${type}`,
        function: type,
        input: hasInput(decision, step) ? { config, input: inputOf(decision, step) } : { config },
        secrets: [...placesOf(decision, step, spec.config, ["config"]), ...placesOf(decision, step, input, ["input"])],
      };
    }
    default:
      assert(false, `step "${step.path}" to be performed by an executor`);
  }
}

function requestOf(decision: Decision, step: StepState, spec: HttpSpec): Json {
  const request = decision.evaluate(spec.request, step);
  assert(isObject(request), `the request of "${step.path}" to be an object`);
  const expectStatus = spec.expectStatus?.map(({ from, to }): JsonObject => ({ from, to }));
  return {
    ...request,
    ...(hasInput(decision, step) ? { input: inputOf(decision, step) } : {}),
    ...(expectStatus === undefined ? {} : { expect_status: expectStatus }),
  };
}

/** The places of `value` whose text names secrets; `under` is where the value stands in the task's input. */
function placesOf(
  decision: Decision,
  step: StepState,
  value: Value | null,
  under: readonly string[],
): readonly FilledPlace[] {
  if (value === null || value.secrets.length === 0) return [];
  const roots = decision.roots(step);
  return value.secrets.map((place) => ({ at: [...under, ...place.at], pieces: place.pieces(roots) }));
}

/** An executor's answer. One that comes for an attempt that is over changes nothing. */
export function completeTask(decision: Decision, command: CompleteTask): void {
  const step = scheduledStep(decision, command);
  if (step === null) return;
  const extras = command.http === null ? {} : { http: command.http as unknown as Json };
  complete(decision, step, command.output, { extras, data: answered(command) });
}

export function failTask(decision: Decision, command: FailTask): void {
  const step = scheduledStep(decision, command);
  if (step !== null) fail(decision, step, command.error, answered(command));
}

function scheduledStep({ execution }: Decision, command: CompleteTask | FailTask): StepState | null {
  const step = execution.steps.get(command.path);
  return step !== undefined && step.status === "scheduled" && step.attempt === command.attempt ? step : null;
}

function answered({ startedAt, instance }: CompleteTask | FailTask): Answered {
  return {
    ...(startedAt === null ? {} : { started_at: toRfc3339(startedAt) }),
    ...(instance === null ? {} : { instance }),
  };
}

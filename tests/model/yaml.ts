/** A model workflow as the text that a person would write, with the input that its constants are read from. */

import { stringify } from "yaml";
import { unreachable } from "../../src/core/base/bug.ts";
import type { Json, JsonObject } from "../../src/core/base/json.ts";
import {
  type Action,
  ITERATION_BASE,
  ITERATION_MS,
  indexesOf,
  type LoopSource,
  type Step,
  type Workflow,
} from "./workflow.ts";

/** The input of every execution: constants as data, and a list of each length. */
export const INPUT: JsonObject = {
  yes: true,
  no: false,
  lists: Array.from({ length: ITERATION_BASE }, (_, length) => Array.from({ length }, (_, item) => item)),
};

export function toYaml(workflow: Workflow): string {
  return stringify(toDocument(workflow), { lineWidth: 0 });
}

/** The signal for which the step at `path` waits: each iteration has its own. */
export function signalNameOf(path: string): string {
  const name = path.slice(path.lastIndexOf(".") + 1);
  return ["go", name, ...indexesOf(path)].join("-");
}

function toDocument(workflow: Workflow): JsonObject {
  const statuses = workflow.steps.map((step) => [step.name, `$.steps.${step.name}.status`]);
  return {
    apiVersion: "workflow.magic-flow.io/v2",
    kind: "Workflow",
    metadata: { name: workflow.name, version: "1.0.0" },
    spec: {
      steps: toList(workflow.steps, []),
      ...(workflow.showsStatuses ? { output: Object.fromEntries(statuses) } : {}),
    },
  };
}

/** `loops` are the names of the loops around the list, outermost first. */
function toList(steps: readonly Step[], loops: readonly string[]): readonly Json[] {
  return steps.map((step) => toStep(step, loops));
}

function toStep(step: Step, loops: readonly string[]): JsonObject {
  const fields: JsonObject = {
    name: step.name,
    type: step.action.type,
    ...(step.when === null ? {} : { when: `input.${step.when ? "yes" : "no"}` }),
    ...(step.dependsOn === null ? {} : { depends_on: step.dependsOn }),
    ...(step.join === null ? {} : { join: step.join }),
    ...toAction(step.name, step.action, loops),
    ...(step.retry === null
      ? {}
      : {
          retry: {
            max_attempts: step.retry.attemptsMax,
            backoff: "fixed",
            initial_delay: `${step.retry.delayMs}ms`,
            max_delay: "1h",
            jitter: false,
            ...(step.retry.codes === null ? {} : { retry_on: step.retry.codes }),
          },
        }),
  };
  const success = step.onSuccess;
  const failure = step.onFailure;
  return {
    ...fields,
    ...(success === null ? {} : { on_success: success.length === 1 ? (success[0] ?? null) : success }),
    ...(failure === null
      ? {}
      : { on_failure: "step" in failure ? failure.step : { steps: toList(failure.steps, loops) } }),
  };
}

function toAction(name: string, action: Action, loops: readonly string[]): JsonObject {
  switch (action.type) {
    case "function":
      return { executor: "model", function: name };
    case "set":
      return { variables: { [action.counter]: `\${(context.${action.counter} ?? 0) + 1}` } };
    case "transform":
      return { mapping: { from: name } };
    case "condition":
      return {
        condition: `input.${action.holds ? "yes" : "no"}`,
        then: toList(action.whenTrue, loops),
        ...(action.whenFalse === null ? {} : { else: toList(action.whenFalse, loops) }),
      };
    case "switch":
      return {
        cases: action.cases.map((steps, i) => ({
          when: `input.${i === action.chosen ? "yes" : "no"}`,
          steps: toList(steps, loops),
        })),
        ...(action.default === null ? {} : { default: toList(action.default, loops) }),
      };
    case "parallel":
      return {
        branches: action.branches.map((branch) => ({ name: branch.name, steps: toList(branch.steps, loops) })),
        ...(action.join === null ? {} : { join: action.join }),
        ...(action.failFast === null ? {} : { fail_fast: action.failFast }),
        ...(action.concurrencyMax === null ? {} : { max_concurrency: action.concurrencyMax }),
      };
    case "loop":
      return {
        ...toSource(action.over),
        index_variable: indexVariable(name),
        ...(action.concurrencyMax === 1 ? {} : { parallel: true }),
        ...(action.concurrencyMax === null || action.concurrencyMax === 1 ? {} : { batch_size: action.concurrencyMax }),
        ...(action.failFast === null ? {} : { fail_fast: action.failFast }),
        steps: toList(action.steps, [...loops, name]),
      };
    case "try":
      return {
        steps: toList(action.steps, loops),
        ...(action.catches.length === 0
          ? {}
          : {
              catch: action.catches.map(({ codes, steps }) => ({
                ...(codes.length === 0 ? {} : { codes }),
                steps: toList(steps, loops),
              })),
            }),
        ...(action.finally === null ? {} : { finally: toList(action.finally, loops) }),
      };
    case "wait":
      return { duration: durationText(action.durationMs, loops) };
    case "wait_for_event":
      return { event: ["go", name, ...loops.map((loop) => `\${${indexVariable(loop)}}`)].join("-") };
    case "fail":
      return { code: action.code, message: `${name} fails.` };
    case "return":
      return { output: { from: name } };
    default:
      return unreachable(action);
  }
}

function toSource(over: LoopSource): JsonObject {
  switch (over.kind) {
    case "each":
      return {
        iterate_over: `$.input.lists[${over.items}]`,
        ...(over.chunkSize === null ? {} : { chunk_size: over.chunkSize }),
      };
    case "times":
      return { times: over.times };
    case "while":
      return { while: `(context.${over.counter} ?? 0) < ${over.below}`, max_iterations: over.iterationsMax };
  }
}

/** As `durationAt` works it out, but as an expression over the index variables. */
function durationText(durationMs: number, loops: readonly string[]): string {
  if (loops.length === 0) return `${durationMs}ms`;
  const number = loops.map(indexVariable).reduce((all, index) => `(${all}) * ${ITERATION_BASE} + ${index}`);
  return `\${${durationMs} + ${ITERATION_MS} * (${number})}ms`;
}

function indexVariable(loop: string): string {
  return `${loop}_i`;
}

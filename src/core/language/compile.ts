/**
 * Turns a document without errors into the `Definition` that the engine runs.
 *
 * Everything has been parsed by the checks; here it is put in its place: names become indexes, defaults are filled in,
 * and what a step type needs is gathered in its `StepSpec`.
 */

import { defined } from "../base/bug.ts";
import type { JsonObject } from "../base/json.ts";
import { isObject } from "../base/json.ts";
import { compileAdmission } from "./compile/admission.ts";
import { compileErrorHandling } from "./compile/error-handling.ts";
import type { Lookup } from "./compile/lookup.ts";
import { createLookup } from "./compile/lookup.ts";
import { compileResilience } from "./compile/resilience.ts";
import { compileSpec } from "./compile/step-spec.ts";
import type { Definition, FailureEdge, Scope, Step, StepIndex, TimeoutAction } from "./definition.ts";
import type { Expression } from "./expressions/expression.ts";
import type { Flow } from "./flow.ts";
import { createFlow, reachableFrom } from "./flow.ts";
import { hashOf } from "./hash.ts";
import type { Outline, OutlineStep } from "./outline.ts";
import { field, items, scalar, text, toJson } from "./parse/node.ts";
import type { Parts } from "./parts.ts";
import type { Schema } from "./schema.ts";

/** Schemas that came in a document of their own take the place of those in the workflow. */
export interface Schemas {
  readonly input: Schema | null;
  readonly output: Schema | null;
}

/** What a workflow without a version of its own is until a registry gives it one. */
export const VERSION_FIRST = "1.0.0";

export function compile(outline: Outline, parts: Parts, document: JsonObject): Definition {
  const { tree, spec } = outline;
  const metadata = field(tree, "metadata");
  const flow = createFlow(outline);
  const lookup = createLookup(outline, parts);
  const steps = outline.steps.map((step) => compileStep(step, flow, lookup));
  const labels = field(metadata, "labels");
  return {
    name: text(field(metadata, "name")) ?? "",
    version: text(field(metadata, "version")) ?? VERSION_FIRST,
    hash: hashOf(document),
    description: text(field(metadata, "description")) ?? "",
    owner: text(field(metadata, "owner")) ?? "",
    tags: items(field(metadata, "tags")).flatMap((tag) => text(tag) ?? []),
    labels: labels === undefined ? {} : toObject(toJson(labels)),
    inputSchema: lookup.schema(field(spec, "input_schema")),
    outputSchema: lookup.schema(field(spec, "output_schema")),
    failOnOutputViolation: failsOnOutputViolation(outline),
    timeoutMs: lookup.duration(field(spec, "timeout")),
    timeoutAction: toTimeoutAction(text(field(spec, "timeout_action")), "cancel_and_cleanup"),
    fallbackStep: lookup.step(text(field(spec, "fallback_step"))),
    timeoutRetriesMax: timeoutRetriesMax(outline),
    compensationOrder: text(field(field(spec, "compensation"), "order")) === "parallel" ? "parallel" : "newest_first",
    conditions: compileConditions(outline, lookup),
    steps,
    scopes: outline.scopes.map(toScope),
    stepByName: new Map([...outline.stepByName].map(([name, step]) => [name, step.index])),
    output: lookup.value(field(spec, "output")),
    ...compileAdmission(lookup),
    ...compileErrorHandling(lookup),
    document,
  };
}

function toObject(json: unknown): JsonObject {
  return isObject(json) ? json : {};
}

function toScope(scope: Outline["scopes"][number]): Scope {
  const { index, kind, name } = scope;
  return { index, kind, owner: scope.owner?.index ?? null, name, steps: scope.steps.map((step) => step.index) };
}

function failsOnOutputViolation({ spec }: Outline): boolean {
  const validation = field(field(spec, "runtime_validation"), "output_validation");
  return scalar(field(spec, "fail_on_violation") ?? field(validation, "fail_on_violation")) === true;
}

function timeoutRetriesMax({ spec }: Outline): number {
  const attempts = scalar(field(field(spec, "retry_policy"), "max_attempts"));
  return typeof attempts === "number" ? attempts : 3;
}

function compileConditions({ spec }: Outline, lookup: Lookup): ReadonlyMap<string, Expression> {
  const conditions = new Map<string, Expression>();
  for (const each of items(field(spec, "conditions"))) {
    const expression = lookup.condition(field(each, "expression"));
    if (expression !== null) conditions.set(text(field(each, "name")) ?? "", expression);
  }
  return conditions;
}

function toTimeoutAction(written: string | undefined, otherwise: TimeoutAction): TimeoutAction {
  return (written as TimeoutAction | undefined) ?? otherwise;
}

function compileStep(step: OutlineStep, flow: Flow, lookup: Lookup): Step {
  const { index, name, type, node, position } = step;
  const labels = field(node, "labels");
  const timeoutAction = toTimeoutAction(text(field(node, "timeout_action")), "fail");
  const compensate = field(node, "compensate");
  return {
    index,
    name,
    type,
    scope: step.scope.index,
    position,
    isSide: flow.isSide[index] === true,
    when: lookup.condition(field(node, "when")),
    incoming: flow.incoming[index] ?? [],
    join: joinOf(step),
    success: flow.success[index] ?? [],
    failure: failureOf(step, flow, lookup),
    input: lookup.value(field(node, "input")),
    // What a `return` puts out is the output of the execution.
    output: type === "return" ? null : lookup.value(field(node, "output")),
    timeoutMs: lookup.duration(field(node, "timeout")),
    timeoutAction,
    queueTimeoutMs: lookup.duration(field(node, "queue_timeout")),
    totalTimeoutMs: lookup.duration(field(node, "total_timeout")),
    heartbeatTimeoutMs: lookup.duration(field(node, "heartbeat_timeout")),
    ...compileResilience(step, timeoutAction, lookup),
    compensate: compensate?.kind === "map" ? lookup.stepOfNode(compensate) : lookup.step(text(compensate)),
    failureMessage: lookup.value(field(node, "failure_message")),
    labels: labels === undefined ? {} : toObject(toJson(labels)),
    spec: compileSpec(step, lookup),
  };
}

function joinOf(step: OutlineStep): Step["join"] {
  const written = text(field(step.node, "join"));
  if (step.type !== "parallel" && (written === "settled" || written === "all" || written === "any")) return written;
  return step.node.entries.has("depends_on") ? "all" : "settled";
}

function failureOf(step: OutlineStep, flow: Flow, lookup: Lookup): FailureEdge {
  const inline = field(field(step.node, "on_failure"), "steps");
  if (inline !== undefined) {
    const when = lookup.condition(field(field(step.node, "on_failure"), "when"));
    return { kind: "inline", scope: defined(lookup.scope(inline), "a scope for an inline path"), when };
  }
  const target: StepIndex | null = flow.failure[step.index] ?? null;
  if (target === null) return { kind: "none" };
  const path = reachableFrom(flow, target);
  return { kind: "step", step: target, recovers: path.some((reached) => flow.isSide[reached] === false), path };
}

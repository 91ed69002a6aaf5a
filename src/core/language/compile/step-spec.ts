/** What a step does, by its type. */

import { Bug, defined } from "../../base/bug.ts";
import type { Json } from "../../base/json.ts";
import type { ExternalSpec, LoopSpec, ScopeIndex, StatusRange, StepSpec, ValidateSpec } from "../definition.ts";
import type { Value } from "../expressions/expression.ts";
import { compileValue } from "../expressions/template.ts";
import type { OutlineStep } from "../outline.ts";
import type { Node } from "../parse/node.ts";
import { field, items, scalar, text, toJson } from "../parse/node.ts";
import { STEP_TYPES } from "../step-fields.ts";
import { keepsOf } from "./keeps.ts";
import type { Lookup } from "./lookup.ts";
import { toStatusRanges } from "./status.ts";

const ITERATIONS_MAX_DEFAULT = 100_000;

export function compileSpec(step: OutlineStep, lookup: Lookup): StepSpec {
  const { node } = step;
  const value = (name: string) => lookup.value(field(node, name));
  const needed = (name: string) => defined(value(name), `a checked field ${name}`);
  const scope = (name: string) => lookup.scope(field(node, name));
  const condition = (name: string) => lookup.condition(field(node, name));
  switch (step.type) {
    case "function":
      return { kind: "function", executor: textOf(node, "executor"), function: textOf(node, "function") };
    case "http":
      return compileHttp(step, lookup);
    case "transform":
      return compileTransform(step, lookup);
    case "validate":
      return compileValidate(node, lookup);
    case "set": {
      const entries = field(node, "variables");
      const variables = entries?.kind === "map" ? [...entries.entries] : [];
      return { kind: "set", variables: variables.map(([name, entry]) => ({ name, value: compiled(entry.value) })) };
    }
    case "condition":
      return {
        kind: "condition",
        condition: defined(condition("condition"), "a checked condition"),
        then: scope("then"),
        else: scope("else"),
      };
    case "switch": {
      const cases = items(field(node, "cases")).map((each) => ({
        when: defined(lookup.condition(field(each, "when")), "a checked case"),
        scope: scopeIn(each, lookup),
      }));
      return { kind: "switch", cases, default: scope("default") };
    }
    case "parallel": {
      const join = scalar(field(node, "join"));
      return {
        kind: "parallel",
        branches: items(field(node, "branches")).map((branch) => scopeIn(branch, lookup)),
        join: typeof join === "number" ? join : join === "any" ? 1 : "all",
        failFast: scalar(field(node, "fail_fast")) !== false,
        concurrencyMax: numberOf(node, "max_concurrency"),
      };
    }
    case "loop":
      return compileLoop(step, lookup);
    case "try": {
      const catches = items(field(node, "catch")).map((each) => ({
        codes: codesOf(field(each, "codes")),
        when: lookup.condition(field(each, "when")),
        as: text(field(each, "as")) ?? null,
        scope: scopeIn(each, lookup),
      }));
      return { kind: "try", body: scopeIn(node, lookup), catches, finally: scope("finally") };
    }
    case "workflow":
      return compileWorkflow(step, lookup);
    case "wait":
      return { kind: "wait", duration: value("duration"), until: value("until") };
    case "wait_for_event":
      return {
        kind: "wait_for_event",
        event: needed("event"),
        correlation: value("correlation"),
        filter: condition("filter"),
      };
    case "emit":
      return { kind: "emit", event: needed("event"), data: value("data"), correlationKey: value("correlation_key") };
    case "fail":
      return { kind: "fail", code: value("code"), message: value("message"), details: value("details") };
    case "return":
      return { kind: "return", output: value("output") };
    default:
      return compileExternal(step);
  }
}

function textOf(node: Node, name: string): string {
  return text(field(node, name)) ?? "";
}

function numberOf(node: Node, name: string): number | null {
  const value = scalar(field(node, name));
  return typeof value === "number" ? value : null;
}

/** The scope of the `steps` of a step, a branch, a case or a handler. */
function scopeIn(node: Node, lookup: Lookup): ScopeIndex {
  return defined(lookup.scope(field(node, "steps")), "a scope for a list of steps");
}

function compiled(node: Node): Value {
  return compileValue(toJson(node)).value;
}

/** The fields of `names` that are given, as one value. */
function gather(node: Node, names: readonly string[]): Value {
  const fields: [string, Json][] = names.flatMap((name): [string, Json][] => {
    const found = field(node, name);
    return found === undefined ? [] : [[name, toJson(found)]];
  });
  return compileValue(Object.fromEntries(fields)).value;
}

const REQUEST_FIELDS = ["url", "service", "endpoint", "method", "headers", "query", "body", "auth", "idempotency_key"];

function compileHttp({ node }: OutlineStep, lookup: Lookup): StepSpec {
  const cache = field(node, "cache");
  const ttlMs = lookup.duration(field(cache, "ttl"));
  const isCached = ttlMs !== null && scalar(field(cache, "enabled")) !== false;
  return {
    kind: "http",
    request: gather(node, REQUEST_FIELDS),
    expectStatus: expectStatus(field(node, "expect_status")),
    cache: isCached ? { ttlMs, key: lookup.value(field(cache, "key")) } : null,
  };
}

function expectStatus(node: Node | undefined): readonly StatusRange[] | null {
  return node === undefined ? null : toStatusRanges(toJson(node));
}

/** JavaScript unless said otherwise for a `script`, JSONata for an `expression`; without either the input is the result. */
function compileTransform({ node }: OutlineStep, lookup: Lookup): StepSpec {
  const source = text(field(node, "script")) ?? text(field(node, "expression"));
  const language = text(field(node, "language")) ?? (field(node, "script") === undefined ? "jsonata" : "javascript");
  if (source === undefined) {
    return { kind: "mapping", mapping: lookup.value(field(node, "mapping")) ?? compileValue("$.input").value };
  }
  if (language === "jsonata" || language === "javascript") return { kind: "script", language, source };
  return { kind: "mapping", mapping: defined(lookup.value(field(node, "expression")), "a checked expression") };
}

function compileValidate(node: Node, lookup: Lookup): ValidateSpec {
  const rules = items(field(node, "rules")).map((rule, i) => {
    const condition = defined(
      lookup.condition(rule.kind === "map" ? field(rule, "condition") : rule),
      "a checked rule",
    );
    const name = text(field(rule, "name")) ?? `rule ${i + 1}`;
    return {
      name,
      condition,
      message: text(field(rule, "message")) ?? `Expected ${condition.source}, but it does not hold.`,
    };
  });
  return {
    kind: "validate",
    schema: lookup.schema(field(node, "schema")),
    rules,
    onInvalid: text(field(node, "on_invalid")) === "continue" ? "continue" : "fail",
  };
}

function compileLoop(step: OutlineStep, lookup: Lookup): LoopSpec {
  const { node } = step;
  const isParallel = scalar(field(node, "parallel")) === true;
  return {
    kind: "loop",
    over: loopSource(node, lookup),
    itemVariable: text(field(node, "item_variable")) ?? "item",
    indexVariable: text(field(node, "index_variable")) ?? "index",
    concurrencyMax: isParallel ? (numberOf(node, "batch_size") ?? numberOf(node, "max_concurrency")) : 1,
    chunkSize: numberOf(node, "chunk_size"),
    iterationsMax: numberOf(node, "max_iterations") ?? ITERATIONS_MAX_DEFAULT,
    failFast: scalar(field(node, "fail_fast")) !== false,
    body: scopeIn(node, lookup),
    keeps: keepsOf(step, lookup),
  };
}

function loopSource(node: Node, lookup: Lookup): LoopSpec["over"] {
  const items = lookup.value(field(node, "iterate_over"));
  if (items !== null) return { kind: "each", items };
  const condition = lookup.condition(field(node, "while"));
  if (condition !== null) return { kind: "while", condition };
  return { kind: "times", times: defined(lookup.value(field(node, "times")), "a loop over something") };
}

function codesOf(node: Node | undefined): readonly string[] {
  const one = scalar(node);
  return one === undefined ? items(node).map((item) => String(scalar(item))) : [String(one)];
}

/** An alias stands for the workflow and version that it was included with; a version on the step itself wins. */
function compileWorkflow({ node }: OutlineStep, lookup: Lookup): StepSpec {
  const included = lookup.outline.includes.get(textOf(node, "workflow"));
  const own = text(field(node, "version"))?.replace(/^[vV](?=\d)/, "");
  return {
    kind: "workflow",
    workflow:
      included === undefined
        ? defined(lookup.value(field(node, "workflow")), "a checked workflow")
        : compileValue(included.workflow).value,
    version: own ?? included?.version ?? null,
    wait: scalar(field(node, "wait")) !== false,
  };
}

function compileExternal({ type, node }: OutlineStep): ExternalSpec {
  const known = STEP_TYPES.get(type);
  if (known === undefined) throw new Bug(`Expected a checked type, but met "${type}".`);
  // A statement and a proto file are constants: a dollar sign in them is one.
  const own = known.fields.filter((each) => each.name !== "description");
  const evaluated = own
    .filter((each) => each.kind.is === "value" || each.kind.is === "mapping")
    .map((each) => each.name);
  const constant = own.filter((each) => !evaluated.includes(each.name)).map((each) => each.name);
  const fixed = constant.flatMap((name): [string, Json][] => {
    const found = field(node, name);
    return found === undefined ? [] : [[name, toJson(found)]];
  });
  return { kind: "external", config: withConstants(gather(node, evaluated), Object.fromEntries(fixed)) };
}

/** A value that gives an object, with members that are never evaluated added to it. */
function withConstants(value: Value, constants: { readonly [name: string]: Json }): Value {
  if (Object.keys(constants).length === 0) return value;
  const add = (result: Json): Json => ({ ...(result as { readonly [name: string]: Json }), ...constants });
  return {
    constant: value.constant === undefined ? undefined : add(value.constant),
    references: value.references,
    secrets: value.secrets,
    evaluate: (context) => add(value.evaluate(context)),
  };
}

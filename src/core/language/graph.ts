/**
 * A workflow as a picture: what there is to draw, as plain data.
 *
 *     nodes   the steps, each in its scope
 *     edges   how one leads to another, and which steps a step contains
 *     groups  the scopes: lists of steps with the step that owns them
 *
 * Everything that the engine has settled stands here explicitly: edges that nobody wrote, which steps are side steps, and
 * whether a failure is recovered. Names are those of the JSON that the API gives out.
 */

import { defined } from "../base/bug.ts";
import type { Json, JsonObject } from "../base/json.ts";
import { isObject, member } from "../base/json.ts";
import type { Definition, Scope, ScopeIndex, Step, StepIndex } from "./definition.ts";
import { ROOT_SCOPE } from "./definition.ts";

export interface Graph {
  readonly workflow: string;
  readonly version: string;
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  readonly groups: readonly GraphGroup[];
  /** The step that runs when the workflow times out and falls back; null if there is none. */
  readonly fallback_step: string | null;
}

export interface GraphNode {
  readonly name: string;
  readonly type: string;
  readonly description: string;
  /** Id of the group in which the step stands. */
  readonly scope: string;
  /** Place in its list. */
  readonly position: number;
  /** Reached only by failure, or called. */
  readonly side: boolean;
  /** Nothing leads to it: it starts with its scope. */
  readonly entry: boolean;
  readonly join: Step["join"];
  readonly when: string | null;
  /** Ids of the groups that it owns, in the order in which they were written. */
  readonly contains: readonly string[];
}

export type GraphEdgeKind = "success" | "failure" | "fallback" | "compensation" | "contains";

export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly kind: GraphEdgeKind;
  /** False for an edge that follows from the order of the list. */
  readonly written: boolean;
  /** Of a failure edge: the flow goes on in its scope afterwards. Null for the other kinds. */
  readonly recovers: boolean | null;
  /** When it is taken, where it has a condition of its own. */
  readonly when: string | null;
}

export interface GraphGroup {
  readonly id: string;
  readonly kind: Scope["kind"];
  /** A branch's name, else the kind. */
  readonly name: string;
  /** What a person wants to read on it: a case's condition, the codes of a handler. */
  readonly label: string;
  /** The step that contains or calls it; null for lists of the workflow itself. */
  readonly owner: string | null;
  /** The group in which the owner stands. */
  readonly parent: string | null;
  readonly steps: readonly string[];
}

export function toGraph(definition: Definition): Graph {
  const ids = groupIds(definition);
  const texts = writtenSteps(definition.document);
  const nameOf = (index: StepIndex) => defined(definition.steps[index], "an index of a step").name;
  return {
    workflow: definition.name,
    version: definition.version,
    nodes: definition.steps.map((step) => toNode(definition, step, ids, texts)),
    edges: definition.steps.flatMap((step) => edgesFrom(definition, step, texts)),
    groups: definition.scopes.map((scope) => toGroup(definition, scope, ids)),
    fallback_step: definition.fallbackStep === null ? null : nameOf(definition.fallbackStep),
  };
}

// --- nodes and groups ----------------------------------------------------------------------------------------------

function toNode(
  definition: Definition,
  step: Step,
  ids: readonly string[],
  texts: ReadonlyMap<string, JsonObject>,
): GraphNode {
  const description = texts.get(step.name)?.["description"];
  return {
    name: step.name,
    type: step.type,
    description: typeof description === "string" ? description : "",
    scope: defined(ids[step.scope], "an id for every scope"),
    position: step.position,
    side: step.isSide,
    entry: isEntry(step),
    join: step.join,
    when: step.when?.source ?? null,
    contains: definition.scopes
      .filter(({ owner }) => owner === step.index)
      .map(({ index }) => defined(ids[index], "an id for every scope")),
  };
}

function isEntry(step: Step): boolean {
  return !step.isSide && step.incoming.length === 0;
}

function toGroup(definition: Definition, scope: Scope, ids: readonly string[]): GraphGroup {
  const owner = scope.owner === null ? null : defined(definition.steps[scope.owner], "an index of a step");
  return {
    id: defined(ids[scope.index], "an id for every scope"),
    kind: scope.kind,
    name: scope.name,
    label: owner === null ? scope.name : labelOf(owner, scope),
    owner: owner?.name ?? null,
    parent: owner === null ? null : defined(ids[owner.scope], "an id for every scope"),
    steps: scope.steps.map((index) => defined(definition.steps[index], "an index of a step").name),
  };
}

/** `root`, `choose/then`, `route/case/2`: readable, and unique because step names are. */
function groupIds(definition: Definition): readonly string[] {
  const used = new Set<string>();
  return definition.scopes.map((scope) => {
    if (scope.index === ROOT_SCOPE) return "root";
    const owner = scope.owner === null ? "root" : defined(definition.steps[scope.owner], "an index of a step").name;
    const base =
      scope.kind === "branch" || scope.kind === "called"
        ? `${owner}/${scope.kind}/${scope.name}`
        : `${owner}/${scope.kind}`;
    let id = base;
    for (let number = 2; used.has(id); number++) id = `${base}/${number}`;
    used.add(id);
    return id;
  });
}

function labelOf(owner: Step, scope: Scope): string {
  const { spec } = owner;
  if (spec.kind === "switch" && scope.kind === "case") {
    return spec.cases.find((each) => each.scope === scope.index)?.when.source ?? scope.name;
  }
  if (spec.kind === "try" && scope.kind === "catch") {
    const handler = spec.catches.find((each) => each.scope === scope.index);
    const conditions = [handler?.codes.join(", ") ?? "", handler?.when?.source ?? ""].filter((text) => text !== "");
    return conditions.length === 0 ? "catch" : `catch ${conditions.join(" when ")}`;
  }
  return scope.name;
}

// --- edges ---------------------------------------------------------------------------------------------------------

function edgesFrom(definition: Definition, step: Step, texts: ReadonlyMap<string, JsonObject>): readonly GraphEdge[] {
  const nameOf = (index: StepIndex) => defined(definition.steps[index], "an index of a step").name;
  const edge = (kind: GraphEdgeKind, to: StepIndex, more: Partial<GraphEdge> = {}): GraphEdge => {
    return { from: step.name, to: nameOf(to), kind, written: true, recovers: null, when: null, ...more };
  };
  const into = (kind: GraphEdgeKind, scope: ScopeIndex, more: Partial<GraphEdge> = {}) =>
    beginningsOf(definition, scope).map((to) => edge(kind, to, more));

  const edges = step.success.map((to) => edge("success", to, { written: isWritten(texts, step.name, nameOf(to)) }));
  if (step.failure.kind === "step") edges.push(edge("failure", step.failure.step, { recovers: step.failure.recovers }));
  if (step.failure.kind === "inline") {
    edges.push(...into("failure", step.failure.scope, { recovers: false, when: step.failure.when?.source ?? null }));
  }
  if (step.fallback?.kind === "step") edges.push(edge("fallback", step.fallback.step));
  if (step.fallback?.kind === "inline") {
    edges.push(...into("fallback", step.fallback.scope, { when: step.fallback.when?.source ?? null }));
  }
  if (step.compensate !== null) edges.push(edge("compensation", step.compensate));
  for (const scope of definition.scopes) {
    // What a failure leads to or a step calls has an edge of its own kind.
    if (scope.owner !== step.index || scope.kind === "failure" || scope.kind === "called") continue;
    edges.push(...scope.steps.map((to) => edge("contains", to)));
  }
  return edges;
}

/** The steps with which a scope begins. Called steps follow no edges, so there it is simply the first. */
function beginningsOf(definition: Definition, scope: ScopeIndex): readonly StepIndex[] {
  const { steps } = defined(definition.scopes[scope], "an index of a scope");
  const entries = steps.filter((index) => isEntry(defined(definition.steps[index], "an index of a step")));
  return entries.length > 0 ? entries : steps.slice(0, 1);
}

function isWritten(texts: ReadonlyMap<string, JsonObject>, from: string, to: string): boolean {
  return names(texts.get(from)?.["on_success"]).includes(to) || names(texts.get(to)?.["depends_on"]).includes(from);
}

function names(value: Json | undefined): readonly Json[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

// --- the document --------------------------------------------------------------------------------------------------

/** Where a step holds steps. What else it holds is data and may look like a step without being one. */
const LISTS = ["then", "else", "default", "steps", "finally"] as const;
const LISTS_OF_LISTS = ["cases", "branches", "catch"] as const;

/** The steps of a normalised document by name. */
function writtenSteps(document: JsonObject): ReadonlyMap<string, JsonObject> {
  const found = new Map<string, JsonObject>();
  const addAll = (list: Json | undefined) => {
    if (Array.isArray(list)) for (const item of list) add(item);
  };
  const add = (step: Json | undefined) => {
    if (!isObject(step)) return;
    if (typeof step["name"] === "string" && !found.has(step["name"])) found.set(step["name"], step);
    for (const key of LISTS) addAll(member(step, key));
    for (const key of LISTS_OF_LISTS) for (const each of names(member(step, key))) addAll(stepsIn(each));
    addAll(stepsIn(member(step, "on_failure")));
    addAll(stepsIn(member(step, "fallback")));
    add(member(step, "compensate"));
  };
  const spec = member(document, "spec");
  if (!isObject(spec)) return found;
  addAll(member(spec, "steps"));
  const handling = member(spec, "error_handling");
  for (const rule of names(handling)) if (isObject(rule)) addAll(stepsIn(member(rule, "action")));
  if (isObject(handling)) {
    addAll(stepsIn(member(handling, "on_failure")));
    addAll(member(handling, "compensation"));
  }
  return found;
}

function stepsIn(value: Json | undefined): Json | undefined {
  return isObject(value) ? member(value, "steps") : undefined;
}

/**
 * The skeleton of a workflow: its steps and scopes by index, as the text has them, right or wrong.
 *
 * The checks look at it and the compiler builds upon it. Steps that an error rule writes out stand at the end of the
 * outermost list, where other steps can refer to them.
 */

import type { ScopeIndex, ScopeKind, StepIndex } from "./definition.ts";
import type { MapNode, Node, Place } from "./parse/node.ts";
import { field, items, text } from "./parse/node.ts";

export interface Outline {
  /** The canonical tree. */
  readonly tree: MapNode;
  readonly spec: MapNode;
  readonly steps: readonly OutlineStep[];
  readonly scopes: readonly OutlineScope[];
  /** Of steps that share a name, the first. */
  readonly stepByName: ReadonlyMap<string, OutlineStep>;
  /** The scope that was made of a list of steps, or of a step that is a scope of its own. */
  readonly scopeOf: ReadonlyMap<Node, OutlineScope>;
  /** Names under which other workflows are included. */
  readonly includes: ReadonlyMap<string, { readonly workflow: string; readonly version: string | null }>;
}

export interface OutlineStep {
  readonly index: StepIndex;
  /** Empty where the text gives none. */
  readonly name: string;
  /** As in the canonical form; empty where the text gives none. */
  readonly type: string;
  readonly scope: OutlineScope;
  readonly position: number;
  readonly node: MapNode;
  /** Written out in an error rule. */
  readonly isOfRule: boolean;
}

export interface OutlineScope {
  readonly index: ScopeIndex;
  readonly kind: ScopeKind;
  readonly owner: OutlineStep | null;
  readonly name: string;
  readonly place: Place;
  readonly steps: readonly OutlineStep[];
}

export function createOutline(tree: MapNode, spec: MapNode): Outline {
  const steps: OutlineStep[] = [];
  const scopes: OutlineScope[] = [];
  const stepByName = new Map<string, OutlineStep>();
  const scopeOf = new Map<Node, OutlineScope>();

  function addScope(kind: ScopeKind, owner: OutlineStep | null, list: Node, name: string = kind): void {
    const members: OutlineStep[] = [];
    const scope: OutlineScope = { index: scopes.length, kind, owner, name, place: list.place, steps: members };
    scopes.push(scope);
    scopeOf.set(list, scope);
    addSteps(scope, members, list.kind === "list" ? list.items : [list], false);
    if (scope.index === 0) addSteps(scope, members, ruleBodies(spec), true);
  }

  function addSteps(scope: OutlineScope, members: OutlineStep[], nodes: readonly Node[], isOfRule: boolean): void {
    for (const node of nodes) {
      if (node.kind !== "map") continue;
      const name = text(field(node, "name")) ?? "";
      const type = text(field(node, "type")) ?? "";
      const step = { index: steps.length, name, type, scope, position: members.length, node, isOfRule };
      steps.push(step);
      members.push(step);
      if (name !== "" && !stepByName.has(name)) stepByName.set(name, step);
      for (const inner of innerLists(step)) addScope(inner.kind, step, inner.list, inner.name);
    }
  }

  const list = field(spec, "steps");
  addScope("root", null, list ?? { kind: "list", place: spec.place, items: [] });
  const handling = field(spec, "error_handling");
  const onFailure = field(field(handling, "on_failure"), "steps");
  const compensation = handling?.kind === "map" ? field(handling, "compensation") : undefined;
  if (onFailure?.kind === "list") addScope("called", null, onFailure, "error_handling.on_failure");
  if (compensation?.kind === "list") addScope("called", null, compensation, "error_handling.compensation");
  for (const category of items(field(handling, "error_categories"))) {
    const handler = field(field(category, "handler"), "steps");
    const name = `error_handling.${text(field(category, "name")) ?? "category"}`;
    if (handler?.kind === "list") addScope("called", null, handler, name);
  }
  return { tree, spec, steps, scopes, stepByName, scopeOf, includes: includesOf(spec) };
}

/** Steps that are written out in the rules of `error_handling`. */
function ruleBodies(spec: MapNode): readonly Node[] {
  return items(field(spec, "error_handling"))
    .flatMap((rule) => items(field(field(rule, "action"), "steps")))
    .filter((node) => node.kind === "map");
}

interface InnerList {
  readonly kind: ScopeKind;
  readonly list: Node;
  readonly name?: string;
}

/** The lists of steps in a step, in the order in which they run. */
function innerLists(step: OutlineStep): readonly InnerList[] {
  const { node, type } = step;
  const lists: InnerList[] = [];
  const add = (kind: ScopeKind, list: Node | undefined, name?: string) => {
    if (list?.kind === "list") lists.push(name === undefined ? { kind, list } : { kind, list, name });
  };
  if (type === "condition") {
    add("then", field(node, "then"));
    add("else", field(node, "else"));
  } else if (type === "switch") {
    for (const each of items(field(node, "cases"))) add("case", field(each, "steps"));
    add("default", field(node, "default"));
  } else if (type === "parallel") {
    for (const each of items(field(node, "branches"))) add("branch", field(each, "steps"), text(field(each, "name")));
  } else if (type === "loop") {
    add("body", field(node, "steps"));
  } else if (type === "try") {
    add("try", field(node, "steps"));
    for (const each of items(field(node, "catch"))) add("catch", field(each, "steps"));
    add("finally", field(node, "finally"));
  }
  add("failure", field(field(node, "on_failure"), "steps"));
  add("called", field(field(node, "fallback"), "steps"), "fallback");
  const compensate = field(node, "compensate");
  if (compensate?.kind === "map") lists.push({ kind: "called", list: compensate, name: "compensate" });
  return lists;
}

function includesOf(spec: MapNode): Outline["includes"] {
  const includes = new Map<string, { workflow: string; version: string | null }>();
  for (const each of items(field(spec, "includes"))) {
    const workflow = text(field(each, "workflow"));
    if (workflow === undefined) continue;
    const version = text(field(each, "version"))?.replace(/^[vV](?=\d)/, "") ?? null;
    includes.set(text(field(each, "alias")) ?? workflow, { workflow, version });
  }
  return includes;
}

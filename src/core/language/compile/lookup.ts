/** Finds what the checks have compiled, and the indexes of names and lists. Null where the document says nothing. */

import type { ScopeIndex, StepIndex } from "../definition.ts";
import type { Expression, Value } from "../expressions/expression.ts";
import type { Outline } from "../outline.ts";
import type { Node } from "../parse/node.ts";
import type { Parts, Reading } from "../parts.ts";
import type { Schema } from "../schema.ts";

export interface Lookup {
  value(node: Node | undefined): Value | null;
  condition(node: Node | undefined): Expression | null;
  schema(node: Node | undefined): Schema | null;
  duration(node: Node | undefined): number | null;
  scope(list: Node | undefined): ScopeIndex | null;
  step(name: string | undefined): StepIndex | null;
  stepOfNode(node: Node): StepIndex | null;
  readonly outline: Outline;
  readonly readings: readonly Reading[];
}

export function createLookup(outline: Outline, parts: Parts): Lookup {
  const byNode = new Map<Node, StepIndex>(outline.steps.map((step) => [step.node, step.index]));
  return {
    value: (node) => (node && parts.values.get(node)) ?? null,
    condition: (node) => (node && parts.conditions.get(node)) ?? null,
    schema: (node) => (node && parts.schemas.get(node)) ?? null,
    duration: (node) => (node && parts.durations.get(node)) ?? null,
    scope: (list) => (list && outline.scopeOf.get(list)?.index) ?? null,
    step: (name) => (name === undefined ? null : (outline.stepByName.get(name)?.index ?? null)),
    stepOfNode: (node) => byNode.get(node) ?? null,
    outline,
    readings: parts.readings,
  };
}

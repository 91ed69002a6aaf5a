/** What the checks have compiled on their way through a document, by the node that says it. The compiler only looks up. */

import type { Expression, PlacedReference, Reference, Value } from "./expressions/expression.ts";
import type { OutlineStep } from "./outline.ts";
import type { Node } from "./parse/node.ts";
import type { Schema } from "./schema.ts";

export interface Parts {
  readonly values: ReadonlyMap<Node, Value>;
  readonly conditions: ReadonlyMap<Node, Expression>;
  readonly schemas: ReadonlyMap<Node, Schema>;
  /** In milliseconds. */
  readonly durations: ReadonlyMap<Node, number>;
  readonly readings: readonly Reading[];
}

/** A place whose expressions read roots. */
export interface Reading {
  readonly node: Node;
  /** The step to which the field belongs; null for a field of the workflow. */
  readonly step: OutlineStep | null;
  /** The fields that lead to it, from the step or from `spec`: `["catch", "when"]`. */
  readonly fields: readonly string[];
  readonly references: readonly (Reference | PlacedReference)[];
  /** Places whose templates name secrets. */
  readonly secrets: readonly { readonly at: readonly (string | number)[]; readonly names: readonly string[] }[];
}

/**
 * What the parser makes of an expression: a tree that says what is meant, before it becomes closures.
 *
 * Paths carry their JSONPath segments; inside a filter the RFC's own grammar holds, so filters have a small tree of
 * their own (`Filter`, `Operand`) that shares nothing with the operators outside.
 */

import type { Json } from "../../base/json.ts";
import type { Apply } from "./functions/entry.ts";

export type Node = NodeShape & {
  /** Where the node's own sign or word stands in the source. */
  readonly offset: number;
  /** How many nodes lie under one another here: bounded, so that no evaluation can exhaust the stack. */
  readonly depth: number;
};

type NodeShape =
  | { readonly kind: "literal"; readonly value: Json }
  | { readonly kind: "array"; readonly items: readonly Node[] }
  | { readonly kind: "object"; readonly members: readonly { readonly key: string; readonly value: Node }[] }
  | { readonly kind: "path"; readonly base: PathBase; readonly segments: readonly Segment[] }
  | { readonly kind: "computed-member"; readonly base: Node; readonly key: Node }
  | { readonly kind: "not"; readonly operand: Node }
  | { readonly kind: "negate"; readonly operand: Node }
  | { readonly kind: "binary"; readonly operator: BinaryOperator; readonly left: Node; readonly right: Node }
  | { readonly kind: "choice"; readonly test: Node; readonly then: Node; readonly otherwise: Node }
  | { readonly kind: "call"; readonly name: string; readonly apply: Apply; readonly parameters: readonly Node[] };

export type BinaryOperator = "??" | "||" | "&&" | ComparisonOperator | "in" | "not in" | "+" | "-" | "*" | "/" | "%";

export type ComparisonOperator = "==" | "!=" | "<" | "<=" | ">" | ">=";

/** Where a path begins: at all roots, or at the value of another expression. */
export type PathBase = { readonly kind: "whole" } | { readonly kind: "node"; readonly node: Node };

export interface Segment {
  /** Written with `..`: the selectors apply to every value below as well. */
  readonly descends: boolean;
  readonly selectors: readonly Selector[];
}

export type Selector =
  /** `measures`: written `.length` outside a filter, so it also gives the length of an array or a string. */
  | { readonly kind: "name"; readonly name: string; readonly measures: boolean }
  | { readonly kind: "index"; readonly index: number }
  | { readonly kind: "wildcard" }
  | { readonly kind: "slice"; readonly start: number | null; readonly end: number | null; readonly step: number }
  | { readonly kind: "filter"; readonly filter: Filter };

export type Filter =
  | { readonly kind: "or" | "and"; readonly parts: readonly Filter[] }
  | { readonly kind: "not"; readonly part: Filter }
  | { readonly kind: "exists"; readonly query: Query }
  | { readonly kind: "match" | "search"; readonly text: Operand; readonly pattern: Operand; readonly offset: number }
  | {
      readonly kind: "comparison";
      readonly operator: ComparisonOperator;
      readonly left: Operand;
      readonly right: Operand;
      readonly offset: number;
    };

export interface Query {
  readonly from: "document" | "current";
  readonly segments: readonly Segment[];
  readonly offset: number;
}

/** What a filter compares: a value, or nothing. */
export type Operand =
  | { readonly kind: "literal"; readonly value: Json }
  | { readonly kind: "query"; readonly query: Query }
  | { readonly kind: "length"; readonly operand: Operand }
  | { readonly kind: "count" | "value"; readonly query: Query };

/** At most one value: every segment takes one name or one index. */
export function isSingular(segments: readonly Segment[]): boolean {
  return segments.every((segment) => {
    const [selector, ...more] = segment.selectors;
    if (segment.descends || more.length > 0) return false;
    return selector?.kind === "name" || selector?.kind === "index";
  });
}

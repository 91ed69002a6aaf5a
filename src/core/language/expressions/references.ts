/** Which roots an expression reads, and how far into them its names are constant. */

import type { Reference } from "./expression.ts";
import type { Filter, Node, Operand, Query, Segment } from "./syntax.ts";

export function referencesOf(node: Node): readonly Reference[] {
  const references: Reference[] = [];
  collect(node, [], references);
  return references;
}

/** `following`: the members that the surrounding path takes from this node's value. */
function collect(node: Node, following: readonly string[], into: Reference[]): void {
  switch (node.kind) {
    case "literal":
      return;
    case "path": {
      const path = [...membersOf(node.segments), ...following];
      if (node.base.kind === "whole") into.push(toReference(path, node.offset));
      else collect(node.base.node, isReadable(node.base.node) ? path : [], into);
      collectFromSegments(node.segments, into);
      return;
    }
    case "computed-member":
      collect(node.base, isReadable(node.base) ? ["*", ...following] : [], into);
      collect(node.key, [], into);
      return;
    default:
      for (const child of childrenOf(node)) collect(child, [], into);
  }
}

/** Whether the members taken from a node are members of what it refers to. */
function isReadable(node: Node): boolean {
  return node.kind === "path" || node.kind === "computed-member";
}

function childrenOf(node: Exclude<Node, { kind: "literal" | "path" | "computed-member" }>): readonly Node[] {
  switch (node.kind) {
    case "array":
      return node.items;
    case "object":
      return node.members.map(({ value }) => value);
    case "not":
    case "negate":
      return [node.operand];
    case "binary":
      return [node.left, node.right];
    case "choice":
      return [node.test, node.then, node.otherwise];
    case "call":
      return node.parameters;
  }
}

function toReference(path: readonly string[], offset: number): Reference {
  const end = path.indexOf("**");
  const [root, ...rest] = end === -1 ? path : path.slice(0, end + 1);
  return root === undefined || root === "**"
    ? { root: "*", path: root === undefined ? [] : ["**"], offset }
    : { root, path: rest, offset };
}

/** The names along the segments; what is no single name is "*", and nothing is known after `..`. */
function membersOf(segments: readonly Segment[]): readonly string[] {
  const members: string[] = [];
  for (const { descends, selectors } of segments) {
    if (descends) return [...members, "**"];
    const [selector, ...more] = selectors;
    members.push(selector?.kind === "name" && more.length === 0 ? selector.name : "*");
  }
  return members;
}

function collectFromSegments(segments: readonly Segment[], into: Reference[]): void {
  for (const { selectors } of segments) {
    for (const selector of selectors) if (selector.kind === "filter") collectFromFilter(selector.filter, into);
  }
}

function collectFromFilter(filter: Filter, into: Reference[]): void {
  switch (filter.kind) {
    case "or":
    case "and":
      for (const part of filter.parts) collectFromFilter(part, into);
      break;
    case "not":
      collectFromFilter(filter.part, into);
      break;
    case "exists":
      collectFromQuery(filter.query, into);
      break;
    case "match":
    case "search":
      collectFromOperand(filter.text, into);
      collectFromOperand(filter.pattern, into);
      break;
    case "comparison":
      collectFromOperand(filter.left, into);
      collectFromOperand(filter.right, into);
      break;
  }
}

function collectFromOperand(operand: Operand, into: Reference[]): void {
  if (operand.kind === "length") collectFromOperand(operand.operand, into);
  else if (operand.kind !== "literal") collectFromQuery(operand.query, into);
}

function collectFromQuery(query: Query, into: Reference[]): void {
  if (query.from === "document") into.push(toReference(membersOf(query.segments), query.offset));
  collectFromSegments(query.segments, into);
}

/**
 * Paths that may find many values, by RFC 9535: each segment turns a list of nodes into the next list.
 *
 * Nodes are their values; no result of ours says where one was found. Every visited node costs an operation, which also
 * bounds the lists: `$..*..*..*` ends with an error instead of with the memory.
 */

import type { Json, JsonObject } from "../../base/json.ts";
import { failValueDepth, spendOperations, VALUE_DEPTH_MAX } from "./budget.ts";
import type { EvaluationContext } from "./evaluation.ts";
import { compileFilter } from "./filter.ts";
import type { Segment, Selector } from "./syntax.ts";
import { itemAt, measuredMember, memberOf } from "./walk.ts";

/** All that the segments find below `start`. */
export type Select = (start: Json, context: EvaluationContext) => readonly Json[];

/** Adds to `found` what one selector finds among the children of `node`. */
type Pick = (node: Json, found: Json[], context: EvaluationContext) => void;

export function compileSelect(segments: readonly Segment[], offset: number): Select {
  const steps = segments.map((segment) => compileSegment(segment, offset));
  return (start, context) => {
    let nodes: readonly Json[] = [start];
    for (const step of steps) {
      const found: Json[] = [];
      for (const node of nodes) step(node, found, context);
      nodes = found;
    }
    return nodes;
  };
}

function compileSegment(segment: Segment, offset: number): Pick {
  const picks = segment.selectors.map((selector) => compileSelector(selector, offset));
  const [only] = picks;
  const pick: Pick =
    picks.length === 1 && only !== undefined
      ? only
      : (node, found, context) => {
          for (const each of picks) each(node, found, context);
        };
  return segment.descends ? (node, found, context) => descend(node, pick, found, context, offset, 0) : pick;
}

function descend(
  node: Json,
  pick: Pick,
  found: Json[],
  context: EvaluationContext,
  offset: number,
  depth: number,
): void {
  if (typeof node !== "object" || node === null) return;
  if (depth > VALUE_DEPTH_MAX) failValueDepth(offset);
  spendOperations(context, 1, offset);
  pick(node, found, context);
  const children = childrenOf(node);
  spendOperations(context, children.length, offset);
  for (const child of children) descend(child, pick, found, context, offset, depth + 1);
}

function childrenOf(node: Json): readonly Json[] {
  if (Array.isArray(node)) return node;
  return typeof node === "object" && node !== null ? Object.values(node as JsonObject) : [];
}

function compileSelector(selector: Selector, offset: number): Pick {
  switch (selector.kind) {
    case "name":
      return compileName(selector.name, selector.measures, offset);
    case "index":
      return (node, found, context) => {
        spendOperations(context, 1, offset);
        const item = itemAt(node, selector.index);
        if (item !== undefined) found.push(item);
      };
    case "wildcard":
      return (node, found, context) => {
        const children = childrenOf(node);
        spendOperations(context, 1 + children.length, offset);
        for (const child of children) found.push(child);
      };
    case "slice":
      return (node, found, context) => {
        if (Array.isArray(node)) pickSlice(node, selector, found, context, offset);
      };
    case "filter": {
      const holds = compileFilter(selector.filter);
      return (node, found, context) => {
        const children = childrenOf(node);
        spendOperations(context, 1 + children.length, offset);
        for (const child of children) if (holds(child, context)) found.push(child);
      };
    }
  }
}

function compileName(name: string, measures: boolean, offset: number): Pick {
  return (node, found, context) => {
    spendOperations(context, 1, offset);
    const member = measures ? measuredMember(node, name) : memberOf(node, name);
    if (member !== undefined) found.push(member as Json);
  };
}

/** RFC 9535, 2.3.4.2: negative bounds count from the end, a negative step walks backwards, a step of 0 finds nothing. */
function pickSlice(
  items: readonly Json[],
  { start, end, step }: Extract<Selector, { kind: "slice" }>,
  found: Json[],
  context: EvaluationContext,
  offset: number,
): void {
  const { length } = items;
  const normal = (bound: number) => (bound < 0 ? length + bound : bound);
  const clamp = (bound: number, least: number, most: number) => Math.min(Math.max(bound, least), most);
  if (step > 0) {
    const from = clamp(normal(start ?? 0), 0, length);
    const to = clamp(normal(end ?? length), 0, length);
    spendOperations(context, 1 + Math.max(0, Math.ceil((to - from) / step)), offset);
    for (let i = from; i < to; i += step) found.push(items[i] as Json);
  }
  if (step < 0) {
    const from = clamp(start === null ? length - 1 : normal(start), -1, length - 1);
    const to = clamp(end === null ? -1 : normal(end), -1, length - 1);
    spendOperations(context, 1 + Math.max(0, Math.ceil((to - from) / step)), offset);
    for (let i = from; i > to; i += step) found.push(items[i] as Json);
  }
}

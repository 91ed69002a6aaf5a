/**
 * Paths that may find many values, by RFC 9535: each segment turns a list of nodes into the next list.
 *
 * Nodes are their values; no result of ours says where one was found. Every visited node costs an operation, which also
 * bounds the lists: `$..*..*..*` ends with an error instead of with the memory. In filters a query that finds nothing
 * gives undefined, the RFC's "nothing", which is not null: `[?@.a == null]` finds only what has an `a` that is null.
 */

import type { Json, JsonObject } from "../../base/json.ts";
import { parseRegex, type Regex } from "../regex.ts";
import { failValueDepth, spendOperations, VALUE_DEPTH_MAX } from "./budget.ts";
import type { EvaluationContext } from "./evaluation.ts";
import { compare } from "./operators.ts";
import { createPatternSource } from "./pattern.ts";
import { type Filter, isSingular, type Operand, type Query, type Segment, type Selector } from "./syntax.ts";
import { compileRootWalk, compileWalk, countCharacters, itemAt, measuredMember, memberOf, settle } from "./walk.ts";

/** All that the segments find below `start`. */
export type Select = (start: Json, context: EvaluationContext) => readonly Json[];

/** A query from `$`: the singular beginning is walked lazily, the rest selected from what that finds. */
export function compileDocumentQuery(
  segments: Query["segments"],
  offset: number,
): (context: EvaluationContext) => readonly Json[] {
  const firstPlural = segments.findIndex((segment) => !isSingular([segment]));
  const plain = firstPlural === -1 ? segments.length : firstPlural;
  const walk = compileRootWalk(segments.slice(0, plain), offset);
  const select = compileSelect(segments.slice(plain), offset);
  return (context) => {
    spendOperations(context, 1 + plain, offset);
    const found = walk(context);
    return found === undefined ? [] : select(settle(found), context);
  };
}

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

/** Adds to `found` what one selector finds among the children of `node`. */
type Pick = (node: Json, found: Json[], context: EvaluationContext) => void;

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
    const member = measures ? measuredMember(node, name, context, offset) : memberOf(node, name);
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

type Holds = (current: Json, context: EvaluationContext) => boolean;

type Evaluated<T> = (current: Json, context: EvaluationContext) => T;

function compileFilter(filter: Filter): Holds {
  switch (filter.kind) {
    case "or": {
      const parts = filter.parts.map(compileFilter);
      return (current, context) => parts.some((part) => part(current, context));
    }
    case "and": {
      const parts = filter.parts.map(compileFilter);
      return (current, context) => parts.every((part) => part(current, context));
    }
    case "not": {
      const part = compileFilter(filter.part);
      return (current, context) => !part(current, context);
    }
    case "exists":
      return compileExistence(filter.query);
    case "match":
    case "search":
      return compileMatch(filter);
    case "comparison": {
      const { operator, offset } = filter;
      const left = compileOperand(filter.left);
      const right = compileOperand(filter.right);
      return (current, context) => {
        spendOperations(context, 1, offset);
        return compare(context, operator, left(current, context), right(current, context), offset);
      };
    }
  }
}

function compileExistence(query: Query): Holds {
  if (isSingular(query.segments)) {
    const find = compileSingularQuery(query);
    return (current, context) => find(current, context) !== undefined;
  }
  const find = compileQuery(query);
  return (current, context) => find(current, context).length > 0;
}

function compileOperand(operand: Operand): Evaluated<Json | undefined> {
  switch (operand.kind) {
    case "literal": {
      const { value } = operand;
      return () => value;
    }
    case "query":
      return compileSingularQuery(operand.query);
    case "length": {
      const find = compileOperand(operand.operand);
      return (current, context) => lengthOf(find(current, context), context, 0);
    }
    case "count": {
      const find = compileQuery(operand.query);
      return (current, context) => find(current, context).length;
    }
    case "value": {
      const find = compileQuery(operand.query);
      return (current, context) => {
        const found = find(current, context);
        return found.length === 1 ? found[0] : undefined;
      };
    }
  }
}

function lengthOf(value: Json | undefined, context: EvaluationContext, offset: number): number | undefined {
  if (Array.isArray(value)) return value.length;
  if (typeof value === "string") {
    spendOperations(context, value.length >> 6, offset);
    return countCharacters(value);
  }
  if (typeof value !== "object" || value === null) return undefined;
  const names = Object.keys(value);
  spendOperations(context, names.length, offset);
  return names.length;
}

function compileSingularQuery(query: Query): Evaluated<Json | undefined> {
  const { segments, offset } = query;
  const price = 1 + segments.length;
  if (query.from === "current") {
    const walk = compileWalk(segments, offset);
    return (current, context) => {
      spendOperations(context, price, offset);
      return walk(current, context) as Json | undefined;
    };
  }
  const walk = compileRootWalk(segments, offset);
  return (_, context) => {
    spendOperations(context, price, offset);
    const found = walk(context);
    return found === undefined ? undefined : settle(found);
  };
}

function compileQuery(query: Query): Evaluated<readonly Json[]> {
  const { offset } = query;
  if (query.from === "current") {
    const select = compileSelect(query.segments, offset);
    return (current, context) => select(current, context);
  }
  const find = compileDocumentQuery(query.segments, offset);
  return (_, context) => find(context);
}

/** Anything but two strings, and a pattern from data that is no regular expression, makes the test false. */
function compileMatch({ kind, text, pattern, offset }: Extract<Filter, { kind: "match" | "search" }>): Holds {
  const findText = compileOperand(text);
  const findRegex = compilePattern(pattern, offset);
  return (current, context) => {
    const subject = findText(current, context);
    if (typeof subject !== "string") return false;
    const regex = findRegex(current, context);
    return regex !== null && applyRegex(regex, kind, subject, context, offset);
  };
}

function compilePattern(pattern: Operand, offset: number): Evaluated<Regex | null> {
  if (pattern.kind === "literal") {
    const parsed = typeof pattern.value === "string" ? parseRegex(pattern.value, "iregexp") : null;
    const regex = parsed?.ok === true ? parsed.regex : null;
    return () => regex;
  }
  const find = compileOperand(pattern);
  const source = createPatternSource("iregexp");
  return (current, context) => {
    const found = find(current, context);
    const parsed = typeof found === "string" ? source(context, found, offset) : null;
    return parsed?.ok === true ? parsed.regex : null;
  };
}

function applyRegex(
  regex: Regex,
  kind: "match" | "search",
  text: string,
  context: EvaluationContext,
  offset: number,
): boolean {
  spendOperations(context, regex.price(text.length), offset);
  return kind === "match" ? regex.matchesWhole(text) : regex.test(text);
}

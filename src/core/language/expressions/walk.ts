/**
 * Singular paths, `$.steps.charge.output.items[0].price`: the common case, a walk from member to member.
 *
 * A walk goes through views lazily, so that one field of one step costs one field. Members are own members only. To ask
 * an object for that at every step is slow, and needed only for the dozen names that objects inherit: which way to go is
 * settled once for each path.
 */

import { isObject, type Json, type JsonObject } from "../../base/json.ts";
import { spendOperations } from "./budget.ts";
import { type EvaluationContext, View } from "./evaluation.ts";
import type { Segment } from "./syntax.ts";

/** A value, an object that is worked out on demand, or nothing. */
export type Found = Json | View | undefined;

export type Walk = (start: Found, context: EvaluationContext) => Found;

type Step =
  | { readonly kind: "name" | "measure"; readonly name: string }
  | { readonly kind: "index"; readonly index: number };

/** The walk along segments that are all singular. */
export function compileWalk(segments: readonly Segment[], offset: number): Walk {
  const steps = segments.map(toStep);
  const names = steps.flatMap((step) => (step.kind === "name" && !isInherited(step.name) ? [step.name] : []));
  if (names.length === steps.length) return compileNames(names);
  return (start, context) => {
    let found = start;
    for (const step of steps) {
      if (found === undefined || found === null) return undefined;
      found = takeStep(found, step, context, offset);
    }
    return found;
  };
}

function compileNames(names: readonly string[]): Walk {
  const [first, second] = names;
  if (first === undefined) return (start) => start;
  if (second === undefined) return (start) => plainMember(start, first);
  if (names.length === 2) return (start) => plainMember(plainMember(start, first), second);
  return (start) => {
    let found = start;
    for (let i = 0; i < names.length; i++) found = plainMember(found, names[i] as string);
    return found;
  };
}

/** A member whose name no object inherits. */
function plainMember(value: Found, name: string): Found {
  if (typeof value !== "object" || value === null) return undefined;
  if (value instanceof View) return value.member(name);
  return Array.isArray(value) ? undefined : (value as JsonObject)[name];
}

function isInherited(name: string): boolean {
  return name in Object.prototype;
}

function toStep({ selectors: [selector] }: Segment): Step {
  if (selector?.kind === "index") return { kind: "index", index: selector.index };
  const { name, measures } = selector?.kind === "name" ? selector : { name: "", measures: false };
  return { kind: measures ? "measure" : "name", name };
}

function takeStep(value: Json | View, step: Step, context: EvaluationContext, offset: number): Found {
  switch (step.kind) {
    case "index":
      return itemAt(value, step.index);
    case "name":
      return memberOf(value, step.name);
    case "measure":
      return measuredMember(value, step.name, context, offset);
  }
}

export function memberOf(value: Found, name: string): Found {
  if (value instanceof View) return value.member(name);
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

/** Negative indexes count from the end. */
export function itemAt(value: Found, index: number): Json | undefined {
  if (!Array.isArray(value)) return undefined;
  return value[index < 0 ? value.length + index : index];
}

/** `.length`: the member of that name, or how long an array or a string is. */
export function measuredMember(value: Found, name: string, context: EvaluationContext, offset: number): Found {
  if (Array.isArray(value)) return value.length;
  if (typeof value !== "string") return memberOf(value, name);
  spendOperations(context, value.length >> 6, offset);
  return countCharacters(value);
}

/** Unicode characters, as RFC 9535 counts them: what lies beyond U+FFFF is one, not two. */
export function countCharacters(text: string): number {
  if (text.length > 64 && !/[\ud800-\udbff]/.test(text)) return text.length;
  let count = text.length;
  for (let i = 0; i < text.length - 1; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0xd800 || unit > 0xdbff) continue;
    const next = text.charCodeAt(i + 1);
    if (next < 0xdc00 || next > 0xdfff) continue;
    count--;
    i++;
  }
  return count;
}

/** What a walk has found, as a value. */
export function settle(found: Found): Json {
  if (found === undefined) return null;
  return found instanceof View ? found.whole() : found;
}

/**
 * The walk from all roots. The first name asks for one root only; everything else needs the whole.
 */
export function compileRootWalk(segments: readonly Segment[], offset: number): (context: EvaluationContext) => Found {
  const [first, ...rest] = segments;
  if (first === undefined) return (context) => context.whole();
  const step = toStep(first);
  if (step.kind === "index") {
    const walk = compileWalk(segments, offset);
    return (context) => walk(context.whole(), context);
  }
  const { name } = step;
  const walk = compileWalk(rest, offset);
  if (step.kind === "measure") {
    return (context) => {
      const root = context.root(name) ?? measuredMember(context.whole(), name, context, offset);
      return walk(root, context);
    };
  }
  if (rest.length === 0) return (context) => context.root(name);
  return (context) => walk(context.root(name), context);
}

/**
 * Filling in `default`: a member that is missing and whose schema has a default gets a copy of it, at any depth, also
 * inside what was itself filled in.
 *
 * Where a schema offers alternatives, the first that fits once its own defaults are filled in is taken. Values are never
 * changed: an object gets a copy as soon as a member differs.
 */

import { defined } from "../../base/bug.ts";
import type { Json, JsonObject } from "../../base/json.ts";
import { isObject } from "../../base/json.ts";
import type { Pattern } from "./check.ts";
import { CHECKS_MAX } from "./run.ts";
import type { SchemaNode, SchemaTree } from "./tree.ts";

export interface Filling {
  readonly tree: SchemaTree;
  readonly patterns: ReadonlyMap<string, Pattern>;
  /** Whether the value fits; takes what that costs off the allowance. */
  fits(node: SchemaNode, value: Json, allowance: Allowance): boolean;
}

/** What filling one value may still cost. */
export interface Allowance {
  checksLeft: number;
}

/** A schema that gives itself as its own default would never be filled; a large one is not filled any further. */
const FILLS_MAX = 100_000;

/** The function that fills, or null where the schema has no default anywhere. */
export function compileDefaults(filling: Filling): ((value: Json) => Json) | null {
  const lively = nodesThatFill(filling.tree);
  if (!lively.has(filling.tree.root)) return null;
  return (value) =>
    fill(
      { filling, lively, expanding: new Set(), fillsLeft: FILLS_MAX, checksLeft: CHECKS_MAX },
      filling.tree.root,
      value,
    );
}

interface Run extends Allowance {
  readonly filling: Filling;
  /** The nodes under which a default lies; all others are passed over. */
  readonly lively: ReadonlySet<SchemaNode>;
  /** The schemas whose default is being filled in right now. */
  readonly expanding: Set<SchemaNode>;
  fillsLeft: number;
}

function nodesThatFill(tree: SchemaTree): ReadonlySet<SchemaNode> {
  const users = new Map<SchemaNode, SchemaNode[]>();
  for (const node of tree.nodes) {
    for (const used of usedBy(node)) {
      const known = users.get(used);
      if (known === undefined) users.set(used, [node]);
      else known.push(node);
    }
  }
  const lively = new Set(tree.nodes.filter(({ schema }) => isObject(schema) && Object.hasOwn(schema, "default")));
  // A set grows while it is walked, and what was added is walked too.
  for (const node of lively) for (const user of users.get(node) ?? []) lively.add(user);
  return lively;
}

function usedBy(node: SchemaNode): readonly SchemaNode[] {
  const used = node.members.map((member) => member.node);
  if (node.reference !== null) used.push(node.reference);
  if (node.dynamicReference !== null) used.push(node.dynamicReference.target);
  return used;
}

function fill(run: Run, node: SchemaNode, value: Json): Json {
  if (!run.lively.has(node) || typeof value !== "object" || value === null || --run.fillsLeft < 0) return value;
  let filled: Json = Array.isArray(value) ? fillItems(run, node, value) : fillMembers(run, node, value as JsonObject);
  if (node.reference !== null) filled = fill(run, node.reference, filled);
  if (node.dynamicReference !== null) filled = fill(run, node.dynamicReference.target, filled);
  for (const inner of under(node, "allOf")) filled = fill(run, inner, filled);
  for (const keyword of ["anyOf", "oneOf"]) filled = fillAlternative(run, under(node, keyword), filled);
  const [condition] = under(node, "if");
  if (condition !== undefined) {
    const [branch] = under(node, run.filling.fits(condition, filled, run) ? "then" : "else");
    if (branch !== undefined) filled = fill(run, branch, filled);
  }
  for (const { keyword, key, node: inner } of node.members) {
    if (keyword !== "dependentSchemas" && keyword !== "dependencies") continue;
    if (isObject(filled) && Object.hasOwn(filled, String(key))) filled = fill(run, inner, filled);
  }
  return filled;
}

function under(node: SchemaNode, keyword: string): readonly SchemaNode[] {
  return node.members.filter((member) => member.keyword === keyword).map((member) => member.node);
}

function fillAlternative(run: Run, alternatives: readonly SchemaNode[], value: Json): Json {
  for (const alternative of alternatives) {
    const filled = fill(run, alternative, value);
    if (run.filling.fits(alternative, filled, run)) return filled;
  }
  return value;
}

function fillItems(run: Run, node: SchemaNode, items: readonly Json[]): readonly Json[] {
  const prefix = under(node, "prefixItems");
  const [rest] = under(node, "items");
  let changed = false;
  const filled = items.map((item, index) => {
    const schema = prefix[index] ?? rest;
    const result = schema === undefined ? item : fill(run, schema, item);
    if (result !== item) changed = true;
    return result;
  });
  return changed ? filled : items;
}

function fillMembers(run: Run, node: SchemaNode, value: JsonObject): JsonObject {
  const changed = new Map<string, Json>();
  const known = new Set<string>();
  for (const { keyword, key, node: property } of node.members) {
    if (keyword !== "properties") continue;
    const name = String(key);
    known.add(name);
    const filled = Object.hasOwn(value, name) ? fill(run, property, value[name] as Json) : fillMissing(run, property);
    if (filled !== undefined && filled !== value[name]) changed.set(name, filled);
  }
  const patterns = node.members.filter(({ keyword }) => keyword === "patternProperties");
  const [rest] = under(node, "additionalProperties");
  if (patterns.length > 0 || rest !== undefined) {
    for (const [name, member] of Object.entries(value)) {
      let filled = changed.get(name) ?? member;
      let isKnown = known.has(name);
      for (const { key, node: inner } of patterns) {
        const pattern = defined(run.filling.patterns.get(String(key)), "every pattern to be compiled");
        run.fillsLeft -= pattern.price(name.length);
        if (run.fillsLeft < 0 || !pattern.test(name)) continue;
        isKnown = true;
        filled = fill(run, inner, filled);
      }
      if (!isKnown && rest !== undefined) filled = fill(run, rest, filled);
      if (filled !== member) changed.set(name, filled);
    }
  }
  return changed.size === 0 ? value : withMembers(value, changed);
}

/** Undefined where the schema has no default, or is the one whose default is being filled in. */
function fillMissing(run: Run, property: SchemaNode): Json | undefined {
  const source = defaultOf(property);
  if (source === null || run.expanding.has(property)) return undefined;
  run.expanding.add(property);
  const filled = fill(run, property, source.default);
  run.expanding.delete(property);
  return filled;
}

/** The property's own default, else that of the schema that it refers to. References were found to end. */
function defaultOf(node: SchemaNode): { readonly default: Json } | null {
  if (isObject(node.schema) && Object.hasOwn(node.schema, "default"))
    return { default: node.schema["default"] as Json };
  return node.reference === null ? null : defaultOf(node.reference);
}

/** Entries and not assignments, so that a member named `__proto__` is data like any other. */
function withMembers(value: JsonObject, changed: ReadonlyMap<string, Json>): JsonObject {
  const kept = Object.entries(value).map(([name, member]): [string, Json] => [name, changed.get(name) ?? member]);
  const added = [...changed].filter(([name]) => !Object.hasOwn(value, name));
  return Object.fromEntries([...kept, ...added]);
}

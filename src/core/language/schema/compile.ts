/**
 * A schema as closures. Each node becomes one check; a check reports what is wrong into its run, or, while a run only
 * asks whether a value fits (`not`, `if`, alternatives), stops at the first violation.
 *
 *     node ──► [type, enum, ... , properties, ... , allOf, ... , unevaluated*] ──► check(value, run)
 *
 * Which members and items a value's schemas have spoken of is recorded only if the schema has an `unevaluated` keyword.
 */

import { defined } from "../../base/bug.ts";
import type { JsonObject } from "../../base/json.ts";
import { isObject } from "../../base/json.ts";
import { compileArrayKeywords } from "./arrays.ts";
import { compileAssertions } from "./assertions.ts";
import type { Pattern } from "./check.ts";
import { compileCombinations } from "./combinations.ts";
import { compileObjectKeywords } from "./objects.ts";
import type { Check } from "./run.ts";
import { enter, fail, leave, nothingSeen, remember } from "./run.ts";
import type { Resource, SchemaNode, SchemaTree } from "./tree.ts";
import { show } from "./violation.ts";

/** What the compilers of the keywords ask for. */
export interface Compiling {
  readonly root: JsonObject | boolean;
  readonly patterns: ReadonlyMap<string, Pattern>;
  /** The check of a node; it may be called as soon as everything is compiled. */
  readonly checkOf: (node: SchemaNode) => Check;
}

/** Gives the check of any node of the tree. */
export function compileNodes(tree: SchemaTree, patterns: ReadonlyMap<string, Pattern>): (node: SchemaNode) => Check {
  const cells = new Map<SchemaNode, { check: Check }>();
  for (const node of tree.nodes) cells.set(node, { check: () => true });
  const compiling: Compiling = {
    root: tree.root.schema,
    patterns,
    checkOf: (node) => {
      const cell = defined(cells.get(node), "every node to have a cell");
      return (value, run) => cell.check(value, run);
    },
  };
  const tracks = tree.nodes.some(
    ({ schema }) => isObject(schema) && ("unevaluatedItems" in schema || "unevaluatedProperties" in schema),
  );
  const isDynamic = tree.nodes.some((node) => node.dynamicReference !== null);
  for (const node of tree.nodes) {
    const check = compileNode(compiling, node, tracks);
    defined(cells.get(node), "every node to have a cell").check = isDynamic ? inResource(node.resource, check) : check;
  }
  return compiling.checkOf;
}

function compileNode(compiling: Compiling, node: SchemaNode, tracks: boolean): Check {
  if (node.schema === true) return () => true;
  if (node.schema === false) return (value, run) => fail(run, () => `Expected nothing here, but got ${show(value)}.`);
  const checks = [
    ...compileReferences(compiling, node),
    ...compileAssertions(compiling, node.schema),
    ...compileCombinations(compiling, node),
    ...compileArrayKeywords(compiling, node),
    ...compileObjectKeywords(compiling, node),
  ];
  return tracks ? tracked(checks) : plain(checks);
}

function plain(checks: readonly Check[]): Check {
  return (value, run) => {
    if (!enter(run)) return false;
    let fits = true;
    for (const check of checks) {
      if (check(value, run)) continue;
      fits = false;
      if (run.violations === null) break;
    }
    leave(run);
    return fits;
  };
}

/**
 * What the schema has seen counts for the schema around it only if the value fits. Says again what `plain` says instead of
 * calling it: a frame less on the stack of every level.
 */
function tracked(checks: readonly Check[]): Check {
  return (value, run) => {
    if (!enter(run)) return false;
    const outer = run.seen;
    const own = nothingSeen();
    run.seen = own;
    let fits = true;
    for (const check of checks) {
      if (check(value, run)) continue;
      fits = false;
      if (run.violations === null) break;
    }
    run.seen = outer;
    if (fits && outer !== null) remember(outer, own);
    leave(run);
    return fits;
  };
}

function compileReferences(compiling: Compiling, node: SchemaNode): readonly Check[] {
  const checks: Check[] = [];
  if (node.reference !== null) checks.push(compiling.checkOf(node.reference));
  if (node.dynamicReference !== null) {
    const { target, anchor } = node.dynamicReference;
    const fallback = compiling.checkOf(target);
    if (anchor === null) checks.push(fallback);
    else {
      const byResource = new Map<Resource, Check>();
      checks.push((value, run) => {
        const outermost = run.resources.find((resource) => resource.dynamicAnchors.has(anchor));
        if (outermost === undefined) return fallback(value, run);
        const known = byResource.get(outermost);
        if (known !== undefined) return known(value, run);
        const check = compiling.checkOf(
          defined(outermost.dynamicAnchors.get(anchor), "the resource to have the anchor"),
        );
        byResource.set(outermost, check);
        return check(value, run);
      });
    }
  }
  return checks;
}

/** Only with `$dynamicRef` it matters through which resources a check has come. */
function inResource(resource: Resource, check: Check): Check {
  return (value, run) => {
    if (run.resources.at(-1) === resource) return check(value, run);
    run.resources.push(resource);
    const fits = check(value, run);
    run.resources.pop();
    return fits;
  };
}

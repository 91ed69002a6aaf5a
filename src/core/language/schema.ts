/**
 * JSON Schema 2020-12 as users write it, compiled.
 *
 *     source ──normalise──► tree of nodes, references resolved ──check──► problems
 *                                           └──compile──► closures
 *
 * Nothing is generated as code and nothing is fetched. Patterns run in linear time, and a schema or a value that was made
 * to keep us busy is refused: checking has a limit. `format` is asserted; keywords that are not known are annotations.
 */

import type { Json, JsonObject } from "../base/json.ts";
import { isObject } from "../base/json.ts";
import type { Pattern } from "./schema/check.ts";
import { checkSchema } from "./schema/check.ts";
import { compileNodes } from "./schema/compile.ts";
import type { Allowance } from "./schema/defaults.ts";
import { compileDefaults } from "./schema/defaults.ts";
import { isSchema } from "./schema/keywords.ts";
import { normaliseSchema } from "./schema/normalise.ts";
import type { Check } from "./schema/run.ts";
import { createRun } from "./schema/run.ts";
import type { SchemaNode, SchemaProblem } from "./schema/tree.ts";
import { growTree } from "./schema/tree.ts";
import { show } from "./schema/violation.ts";

export interface Schema {
  /** The normalised schema (`required: true` on a property moved to the parent), for pages and generators. */
  readonly source: JsonObject | boolean;
  /** Every violation, with the JSON pointer of the value that breaks the rule; empty if the value fits. */
  check(value: Json): readonly Violation[];
  /** A copy of `value` in which missing members that have a `default` are filled in (at any depth). */
  withDefaults(value: Json): Json;
  /** Names of the properties at the top; null where the schema names none. */
  readonly propertyNames: readonly string[] | null;
}

export interface Violation {
  /** JSON pointer: `/items/0/price`; the empty string is the value itself. A missing member is named as if it were there. */
  readonly pointer: string;
  readonly message: string;
}

export interface ParsedSchema {
  /** Null if there is a problem. */
  readonly schema: Schema | null;
  readonly problems: readonly SchemaProblem[];
}

/** Nobody writes deeper by hand, and every walk through a schema may recurse. */
const DEPTH_MAX = 100;

export function parseSchema(source: Json): ParsedSchema {
  if (!isSchema(source)) {
    const message = `Expected a schema, which is an object, true or false, but got ${show(source)}.`;
    return { schema: null, problems: [{ at: [], message, hint: null }] };
  }
  if (isDeeperThan(source, DEPTH_MAX)) {
    const message = `Expected the schema to be nested at most ${DEPTH_MAX} levels deep, but it goes deeper.`;
    return { schema: null, problems: [{ at: [], message, hint: 'Name the inner schemas under "$defs".' }] };
  }
  const tree = growTree(normaliseSchema(source));
  const patterns = new Map<string, Pattern>();
  const problems = checkSchema(tree, patterns);
  if (problems.length > 0) return { schema: null, problems };

  const checkOf = compileNodes(tree, patterns);
  const fill = compileDefaults({
    tree,
    patterns,
    fits: (node, value, allowance) => fits(checkOf(node), value, allowance),
  });
  const check = checkOf(tree.root);
  const names = propertyNamesOf(tree.root);
  return {
    schema: {
      source: tree.root.schema,
      check: (value) => violationsOf(check, value),
      withDefaults: (value) => (fill === null || isDeeperThan(value, VALUE_DEPTH_MAX) ? value : fill(value)),
      propertyNames: names.length === 0 ? null : names,
    },
    problems: [],
  };
}

/** Every walk through a value may recurse, and the caller's stack is not empty. */
const VALUE_DEPTH_MAX = 250;

function violationsOf(check: Check, value: Json): readonly Violation[] {
  if (isDeeperThan(value, VALUE_DEPTH_MAX)) {
    const message = `Expected a value that is nested at most ${VALUE_DEPTH_MAX} levels deep, but it goes deeper.`;
    return [{ pointer: "", message }];
  }
  const run = createRun();
  check(value, run);
  return run.gaveUp === null ? (run.violations ?? []) : [{ pointer: "", message: run.gaveUp }];
}

function fits(check: Check, value: Json, allowance: Allowance): boolean {
  const run = createRun();
  run.violations = null;
  run.checksLeft = allowance.checksLeft;
  const isFine = check(value, run) && run.gaveUp === null;
  allowance.checksLeft = run.checksLeft;
  return isFine;
}

function isDeeperThan(value: Json, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) return true;
  if (Array.isArray(value)) return value.some((item: Json) => isDeeperThan(item, levels - 1));
  for (const key in value) if (isDeeperThan((value as JsonObject)[key] as Json, levels - 1)) return true;
  return false;
}

/** Those of the schema itself, of what it refers to and of all that must fit as well. References were found to end. */
function propertyNamesOf(node: SchemaNode): readonly string[] {
  const own =
    isObject(node.schema) && isObject(node.schema["properties"]) ? Object.keys(node.schema["properties"]) : [];
  const others = node.members.filter(({ keyword }) => keyword === "allOf").map((member) => member.node);
  if (node.reference !== null) others.push(node.reference);
  return [...new Set([...own, ...others.flatMap(propertyNamesOf)])];
}

/** The keywords that look into arrays. */

import type { Json } from "../../base/json.ts";
import { canonicalJson, equals } from "../../base/json.ts";
import type { Compiling } from "./compile.ts";
import type { Check } from "./run.ts";
import { fail, inside, quietly } from "./run.ts";
import type { SchemaNode } from "./tree.ts";
import { count, show } from "./violation.ts";

export function compileArrayKeywords(compiling: Compiling, node: SchemaNode): readonly Check[] {
  if (typeof node.schema === "boolean") return [];
  const { minItems, maxItems, uniqueItems, minContains, maxContains } = node.schema;
  const under = (keyword: string) =>
    node.members.filter((member) => member.keyword === keyword).map((member) => compiling.checkOf(member.node));
  const checks: ArrayCheck[] = [];
  if (typeof minItems === "number") {
    checks.push(
      (items, run) => items.length >= minItems || fail(run, () => lengthMessage("at least", minItems, items)),
    );
  }
  if (typeof maxItems === "number") {
    checks.push((items, run) => items.length <= maxItems || fail(run, () => lengthMessage("at most", maxItems, items)));
  }
  if (uniqueItems === true) checks.push(unique);

  const prefix = under("prefixItems");
  const [rest] = under("items");
  if (prefix.length > 0 || rest !== undefined) checks.push(each(prefix, rest));
  const [wanted] = under("contains");
  if (wanted !== undefined) {
    const least = typeof minContains === "number" ? minContains : 1;
    checks.push(contains(wanted, least, typeof maxContains === "number" ? maxContains : null));
  }
  const [unevaluated] = under("unevaluatedItems");
  if (unevaluated !== undefined) checks.push(others(unevaluated));
  return checks.map(
    (check): Check =>
      (value, run) =>
        !Array.isArray(value) || check(value, run),
  );
}

type ArrayCheck = (items: readonly Json[], run: Parameters<Check>[1]) => boolean;

function lengthMessage(bound: string, limit: number, items: readonly Json[]): string {
  return `Expected ${bound} ${count(limit, "item")}, but got ${items.length}: ${show(items)}.`;
}

/** Values that are equal have equal canonical texts, so that a long array costs one pass. */
function unique(items: readonly Json[], run: Parameters<Check>[1]): boolean {
  const first = new Map<Json, number>();
  for (const [index, item] of items.entries()) {
    const key = typeof item === "object" && item !== null ? `\u0000${canonicalJson(item)}` : item;
    const earlier = first.get(key);
    if (earlier !== undefined && equals(item, items[earlier] as Json)) {
      return fail(
        run,
        () => `Expected every item to be different, but items ${earlier} and ${index} are both ${show(item)}.`,
      );
    }
    first.set(key, index);
  }
  return true;
}

function each(prefix: readonly Check[], rest: Check | undefined): ArrayCheck {
  return (items, run) => {
    const length = rest === undefined ? Math.min(items.length, prefix.length) : items.length;
    let fits = true;
    for (let index = 0; index < length; index++) {
      const check = prefix[index] ?? rest;
      if (check === undefined || inside(run, index, items[index] as Json, check)) continue;
      fits = false;
      if (run.violations === null) return false;
    }
    if (run.seen !== null) run.seen.itemsBefore = Math.max(run.seen.itemsBefore, length);
    return fits;
  };
}

function contains(wanted: Check, least: number, most: number | null): ArrayCheck {
  return (items, run) => {
    let found = 0;
    items.forEach((item, index) => {
      if (!inside(run, index, item, (value) => quietly(run, value, wanted))) return;
      found++;
      run.seen?.items.add(index);
    });
    if (found < least) {
      return fail(
        run,
        () => `Expected at least ${count(least, "item")} of the kind that "contains" describes, but got ${found}.`,
      );
    }
    if (most === null || found <= most) return true;
    return fail(
      run,
      () => `Expected at most ${count(most, "item")} of the kind that "contains" describes, but got ${found}.`,
    );
  };
}

function others(check: Check): ArrayCheck {
  return (items, run) => {
    const { seen } = run;
    let fits = true;
    for (let index = seen?.itemsBefore ?? 0; index < items.length; index++) {
      if (seen?.items.has(index) || inside(run, index, items[index] as Json, check)) continue;
      fits = false;
      if (run.violations === null) return false;
    }
    if (seen !== null) seen.itemsBefore = items.length;
    return fits;
  };
}

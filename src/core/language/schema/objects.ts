/** The keywords that look into objects. */

import { defined } from "../../base/bug.ts";
import type { Json, JsonObject } from "../../base/json.ts";
import { isObject } from "../../base/json.ts";
import { nearest, quote } from "../../base/text.ts";
import type { Pattern } from "./check.ts";
import type { Compiling } from "./compile.ts";
import type { Check, Run } from "./run.ts";
import { fail, inside, matches } from "./run.ts";
import type { SchemaNode } from "./tree.ts";
import { count, listed, show } from "./violation.ts";

type ObjectCheck = (value: JsonObject, run: Run) => boolean;

export function compileObjectKeywords(compiling: Compiling, node: SchemaNode): readonly Check[] {
  const { schema } = node;
  if (typeof schema === "boolean") return [];
  const { minProperties, maxProperties, required } = schema;
  const under = (keyword: string) => node.members.filter((member) => member.keyword === keyword);
  const only = (keyword: string) => under(keyword).map((member) => compiling.checkOf(member.node))[0];
  const checks: ObjectCheck[] = [];
  if (Array.isArray(required)) checks.push(allOf(required as readonly string[]));
  if (typeof minProperties === "number") {
    checks.push((value, run) => {
      const met = Object.keys(value).length;
      return (
        met >= minProperties ||
        fail(run, () => `Expected at least ${members(minProperties)}, but got ${met}: ${show(value)}.`)
      );
    });
  }
  if (typeof maxProperties === "number") {
    checks.push((value, run) => {
      const met = Object.keys(value).length;
      return (
        met <= maxProperties ||
        fail(run, () => `Expected at most ${members(maxProperties)}, but got ${met}: ${show(value)}.`)
      );
    });
  }
  checks.push(...dependencies(schema));
  for (const keyword of ["dependentSchemas", "dependencies"]) {
    for (const { key, node: dependent } of under(keyword))
      checks.push(ifThere(String(key), compiling.checkOf(dependent)));
  }
  const names = only("propertyNames");
  if (names !== undefined) checks.push(eachName(names));
  checks.push(...membersOf(compiling, node));
  const unevaluated = only("unevaluatedProperties");
  if (unevaluated !== undefined) {
    const isClosed = schema["unevaluatedProperties"] === false;
    checks.push(others(isClosed ? unknownMember([]) : unevaluated));
  }
  return checks.map(
    (check): Check =>
      (value, run) =>
        !isObject(value) || check(value, run),
  );
}

function members(amount: number): string {
  return count(amount, "member");
}

/** What is missing is reported at the place where it should be. */
function allOf(names: readonly string[]): ObjectCheck {
  return (value, run) => {
    let fits = true;
    for (const name of names) {
      if (Object.hasOwn(value, name)) continue;
      fits = missing(run, name, `Expected ${quote(name)} to be given, but it is missing.`);
    }
    return fits;
  };
}

function missing(run: Run, name: string, message: string): false {
  run.path.push(name);
  fail(run, () => message);
  run.path.pop();
  return false;
}

function dependencies(schema: JsonObject): readonly ObjectCheck[] {
  const lists = [schema["dependentRequired"], schema["dependencies"]].flatMap((value) =>
    isObject(value) ? Object.entries(value) : [],
  );
  return lists.flatMap(([name, wanted]) => {
    if (!Array.isArray(wanted)) return [];
    return [
      (value: JsonObject, run: Run) => {
        if (!Object.hasOwn(value, name)) return true;
        let fits = true;
        for (const other of wanted as readonly string[]) {
          if (Object.hasOwn(value, other)) continue;
          fits = missing(
            run,
            other,
            `Expected ${quote(other)} to be given together with ${quote(name)}, but it is missing.`,
          );
        }
        return fits;
      },
    ];
  });
}

function ifThere(name: string, check: Check): ObjectCheck {
  return (value, run) => !Object.hasOwn(value, name) || check(value, run);
}

function eachName(check: Check): ObjectCheck {
  return (value, run) => {
    let fits = true;
    for (const name of Object.keys(value)) if (!inside(run, name, name, check)) fits = false;
    return fits;
  };
}

/** `properties`, `patternProperties` and `additionalProperties` are one: the third holds for what the first two leave. */
function membersOf(compiling: Compiling, node: SchemaNode): readonly ObjectCheck[] {
  const named = new Map<string, Check>();
  const patterned: { readonly pattern: Pattern; readonly check: Check }[] = [];
  for (const { keyword, key, node: inner } of node.members) {
    if (keyword === "properties") named.set(String(key), compiling.checkOf(inner));
    if (keyword === "patternProperties") {
      const pattern = defined(compiling.patterns.get(String(key)), "every pattern to be compiled");
      patterned.push({ pattern, check: compiling.checkOf(inner) });
    }
  }
  const additional = node.members.find(({ keyword }) => keyword === "additionalProperties")?.node;
  const rest =
    additional === undefined
      ? null
      : additional.schema === false
        ? unknownMember([...named.keys()])
        : compiling.checkOf(additional);
  if (patterned.length === 0 && rest === null) return named.size === 0 ? [] : [byName(named)];
  return [byMember(named, patterned, rest)];
}

function byName(named: ReadonlyMap<string, Check>): ObjectCheck {
  const entries = [...named];
  return (value, run) => {
    let fits = true;
    for (const [name, check] of entries) {
      if (!Object.hasOwn(value, name)) continue;
      run.seen?.members.add(name);
      if (inside(run, name, value[name] as Json, check)) continue;
      fits = false;
      if (run.violations === null) return false;
    }
    return fits;
  };
}

function byMember(
  named: ReadonlyMap<string, Check>,
  patterned: readonly { readonly pattern: Pattern; readonly check: Check }[],
  rest: Check | null,
): ObjectCheck {
  return (value, run) => {
    let fits = true;
    for (const name of Object.keys(value)) {
      const member = value[name] as Json;
      const own = named.get(name);
      let isKnown = own !== undefined;
      if (own !== undefined && !inside(run, name, member, own)) fits = false;
      for (const { pattern, check } of patterned) {
        if (!matches(run, pattern, name)) continue;
        isKnown = true;
        if (!inside(run, name, member, check)) fits = false;
      }
      if (!isKnown && rest !== null && !inside(run, name, member, rest)) fits = false;
      if (isKnown || rest !== null) run.seen?.members.add(name);
      if (!fits && run.violations === null) return false;
    }
    return fits;
  };
}

/** Stands for `additionalProperties: false`, which would only say that nothing is expected. */
function unknownMember(names: readonly string[]): Check {
  return (_, run) =>
    fail(run, () => {
      const name = String(run.path.at(-1));
      if (names.length === 0) return `Expected no further members, but got ${quote(name)}.`;
      const near = names.length > NAMES_COMPARED_MAX ? null : nearest(name, names);
      const hint = near === null ? "" : ` Did you mean "${near}"?`;
      return `Expected only the members ${listed(names.map(quote))}, but got ${quote(name)}.${hint}`;
    });
}

/** Comparing every unknown name with more names than these would take longer than the check. */
const NAMES_COMPARED_MAX = 100;

function others(check: Check): ObjectCheck {
  return (value, run) => {
    const { seen } = run;
    if (seen?.allMembers) return true;
    let fits = true;
    for (const name of Object.keys(value)) {
      if (seen?.members.has(name) || inside(run, name, value[name] as Json, check)) continue;
      fits = false;
      if (run.violations === null) return false;
    }
    if (seen !== null) seen.allMembers = true;
    return fits;
  };
}

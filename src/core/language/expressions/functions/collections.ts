/** Functions on arrays and objects. They give new values; what they are given stays as it is. */

import { canonicalJson, type Json, type JsonObject, member, typeName } from "../../../base/json.ts";
import { spendBytes, spendOperations } from "../budget.ts";
import { setMember } from "../members.ts";
import { compareText, withArticle } from "../operators.ts";
import { toJsonText } from "../render.ts";
import { countCharacters } from "../walk.ts";
import { array, fail, failParameter, integer, object, text } from "./arguments.ts";
import type { Call, FunctionEntry } from "./entry.ts";

export const COLLECTION_FUNCTIONS: readonly FunctionEntry[] = [
  {
    name: "len",
    group: "arrays and objects",
    parameters: ["value"],
    summary: "How many items an array, members an object or characters a string has.",
    examples: [
      { expression: "len([1, 2, 3])", value: 3 },
      { expression: "len('añ😀')", value: 3 },
      { expression: "len({a: 1})", value: 1 },
    ],
    apply: length,
  },
  {
    name: "length",
    group: "arrays and objects",
    parameters: ["value"],
    summary: "The same as len.",
    examples: [{ expression: "length('abc')", value: 3 }],
    apply: length,
  },
  {
    name: "count",
    group: "arrays and objects",
    parameters: ["items"],
    summary: "How many items an array has: what a path with wildcards or filters has found.",
    examples: [
      {
        expression: "count($.input.items[?@.price > 10])",
        context: { input: { items: [{ price: 5 }, { price: 15 }] } },
        value: 1,
      },
    ],
    apply: (call, [items]) => array(call, "items", items).length,
  },
  {
    name: "distinct",
    group: "arrays and objects",
    parameters: ["items"],
    summary: "The items without repetitions, each where it came first. Objects are equal if their members are.",
    examples: [{ expression: "distinct([1, 2, 1, '1', {a: 1}, {a: 1}])", value: [1, 2, "1", { a: 1 }] }],
    apply: distinct,
  },
  {
    name: "sort",
    group: "arrays and objects",
    parameters: ["items", "member?"],
    summary:
      "The items in ascending order, numbers by value or strings by character; objects by the member of that name. Null goes last.",
    examples: [
      { expression: "sort([10, 9, null, 1])", value: [1, 9, 10, null] },
      { expression: "sort([{n: 'b'}, {n: 'a'}], 'n')", value: [{ n: "a" }, { n: "b" }] },
    ],
    apply: sort,
  },
  {
    name: "reverse",
    group: "arrays and objects",
    parameters: ["value"],
    summary: "The items of an array or the characters of a string, last first.",
    examples: [
      { expression: "reverse([1, 2, 3])", value: [3, 2, 1] },
      { expression: "reverse('abc')", value: "cba" },
    ],
    apply: reverse,
  },
  {
    name: "flatten",
    group: "arrays and objects",
    parameters: ["items", "levels?"],
    summary: "The items, with arrays among them replaced by their own items; by default one level deep.",
    examples: [
      { expression: "flatten([1, [2, [3]]])", value: [1, 2, [3]] },
      { expression: "flatten([1, [2, [3]]], 2)", value: [1, 2, 3] },
    ],
    apply: flatten,
  },
  {
    name: "keys",
    group: "arrays and objects",
    parameters: ["object"],
    summary: "The names of an object's members.",
    examples: [{ expression: "keys({a: 1, b: 2})", value: ["a", "b"] }],
    apply: (call, [value]) => built(call, Object.keys(object(call, "object", value))),
  },
  {
    name: "values",
    group: "arrays and objects",
    parameters: ["object"],
    summary: "The values of an object's members.",
    examples: [{ expression: "values({a: 1, b: 2})", value: [1, 2] }],
    apply: (call, [value]) => built(call, Object.values(object(call, "object", value))),
  },
  {
    name: "entries",
    group: "arrays and objects",
    parameters: ["object"],
    summary: "An object's members as an array of {key, value}.",
    examples: [{ expression: "entries({a: 1})", value: [{ key: "a", value: 1 }] }],
    apply: (call, [value]) =>
      built(
        call,
        Object.entries(object(call, "object", value)).map(([key, item]) => ({ key, value: item })),
      ),
  },
  {
    name: "merge",
    group: "arrays and objects",
    parameters: ["objects..."],
    summary: "One object with the members of all, or of all in one array; later ones win. Null is skipped.",
    examples: [
      { expression: "merge({a: 1, b: 1}, {b: 2}, null)", value: { a: 1, b: 2 } },
      { expression: "merge([{a: 1}, {b: 2}])", value: { a: 1, b: 2 } },
    ],
    apply: merge,
  },
  {
    name: "pick",
    group: "arrays and objects",
    parameters: ["object", "names..."],
    summary: "An object with only the members of these names, given one by one or as an array.",
    examples: [
      { expression: "pick({a: 1, b: 2, c: 3}, 'a', 'c')", value: { a: 1, c: 3 } },
      { expression: "pick({a: 1, b: 2}, ['b', 'x'])", value: { b: 2 } },
    ],
    apply: (call, values) => filterMembers(call, values, true),
  },
  {
    name: "omit",
    group: "arrays and objects",
    parameters: ["object", "names..."],
    summary: "An object without the members of these names, given one by one or as an array.",
    examples: [{ expression: "omit({a: 1, b: 2}, 'b')", value: { a: 1 } }],
    apply: (call, values) => filterMembers(call, values, false),
  },
];

function built(call: Call, items: readonly Json[]): readonly Json[] {
  spendOperations(call.context, items.length, call.offset);
  spendBytes(call.context, items.length, call.offset);
  return items;
}

function length(call: Call, [value]: readonly Json[]): Json {
  if (Array.isArray(value)) return value.length;
  if (typeof value === "string") {
    spendOperations(call.context, value.length >> 6, call.offset);
    return countCharacters(value);
  }
  if (typeof value === "object" && value !== null) {
    const names = Object.keys(value);
    spendOperations(call.context, names.length, call.offset);
    return names.length;
  }
  return failParameter(call, "value", "a string, an array or an object", value ?? null);
}

function distinct(call: Call, [value]: readonly Json[]): Json {
  const items = array(call, "items", value);
  const seen = new Set<Json>();
  const kept = items.filter((item) => {
    const key = typeof item === "object" && item !== null ? identityOf(call, item) : item;
    // A string and the text that stands for an object must not meet: strings get a sign that JSON never begins with.
    const mark = typeof key === "string" && key === item ? `"${key}` : key;
    if (seen.has(mark)) return false;
    seen.add(mark);
    return true;
  });
  spendOperations(call.context, items.length, call.offset);
  return built(call, kept);
}

function identityOf(call: Call, item: Json): string {
  toJsonText(call.context, item, call.offset);
  return canonicalJson(item);
}

function sort(call: Call, [value, name]: readonly Json[]): Json {
  const items = array(call, "items", value);
  const by = name === undefined || name === null ? null : text(call, "member", name);
  const keyed = items.map((item) => ({ item, key: by === null ? item : sortKey(call, item, by) }));
  const sorted = keyed.sort((left, right) => order(call, left.key, right.key)).map(({ item }) => item);
  return built(call, sorted);
}

function sortKey(call: Call, item: Json, name: string): Json {
  return member(object(call, "items", item), name) ?? null;
}

function order(call: Call, left: Json, right: Json): number {
  spendOperations(call.context, 1, call.offset);
  if (left === null || right === null) return (left === null ? 1 : 0) - (right === null ? 1 : 0);
  if (typeof left === "number" && typeof right === "number") return left - right;
  if (typeof left === "string" && typeof right === "string") {
    spendOperations(call.context, Math.min(left.length, right.length) >> 5, call.offset);
    return compareText(left, right);
  }
  const met = `${withArticle(typeName(left))} and ${withArticle(typeName(right))}`;
  return fail(call, `Expected sort to compare numbers or strings alone, but met ${met}.`);
}

function reverse(call: Call, [value]: readonly Json[]): Json {
  if (Array.isArray(value)) return built(call, value.toReversed());
  if (typeof value !== "string") return failParameter(call, "value", "an array or a string", value ?? null);
  spendOperations(call.context, value.length >> 3, call.offset);
  spendBytes(call.context, value.length, call.offset);
  return Array.from(value).reverse().join("");
}

/** Each level costs its items, so that one large array many times in another runs into the budget. */
function flatten(call: Call, [value, levels]: readonly Json[]): Json {
  let items = array(call, "items", value);
  const most = integer(call, "levels", levels ?? 1);
  for (let level = 0; level < most && items.some(Array.isArray); level++) {
    const flat: Json[] = [];
    for (const item of items) {
      spendOperations(call.context, Array.isArray(item) ? item.length + 1 : 1, call.offset);
      if (!Array.isArray(item)) flat.push(item);
      else for (const inner of item) flat.push(inner);
    }
    items = flat;
  }
  return built(call, items);
}

function merge(call: Call, values: readonly Json[]): Json {
  const [first] = values;
  const objects = values.length === 1 && Array.isArray(first) ? (first as readonly Json[]) : values;
  const result: { [key: string]: Json } = {};
  for (const each of objects) if (each !== null) copyMembers(call, object(call, "objects", each), result, () => true);
  return result;
}

function filterMembers(call: Call, [value, ...names]: readonly Json[], isKept: boolean): Json {
  const chosen = new Set(names.flat().map((name) => text(call, "names", name as Json)));
  spendOperations(call.context, chosen.size, call.offset);
  const result: { [key: string]: Json } = {};
  copyMembers(call, object(call, "object", value), result, (name) => chosen.has(name) === isKept);
  return result;
}

function copyMembers(
  call: Call,
  from: JsonObject,
  to: { [key: string]: Json },
  isWanted: (name: string) => boolean,
): void {
  const names = Object.keys(from);
  spendOperations(call.context, names.length, call.offset);
  for (const name of names) {
    if (!isWanted(name)) continue;
    spendBytes(call.context, name.length + 4, call.offset);
    setMember(to, name, from[name] as Json);
  }
}

/**
 * Whether a schema is one: what each keyword holds, patterns and validators, and that checking a value with it ends.
 */

import type { Json, JsonObject } from "../../base/json.ts";
import { isObject, member } from "../../base/json.ts";
import { nearest, quote } from "../../base/text.ts";
import { parseRegex } from "../regex.ts";
import type { Path, Shape } from "./keywords.ts";
import { isSchema, KEYWORDS } from "./keywords.ts";
import type { SchemaNode, SchemaProblem, SchemaTree } from "./tree.ts";
import { inPlaceOf } from "./tree.ts";
import { VALIDATORS } from "./validators.ts";
import { show, toPointer } from "./violation.ts";

export interface Pattern {
  test(text: string): boolean;
  /** What a search through so many characters costs at most. */
  price(length: number): number;
}

export const TYPES: readonly string[] = ["null", "boolean", "number", "integer", "string", "array", "object"];

/** Schemas that speak of one value, references followed. More is a tree of references that multiplies itself. */
const CHECKS_PER_VALUE_MAX = 100_000;

/** References that lead on to references. Longer chains would cost the stack of every check. */
const CHAIN_MAX = 200;

/** Every problem of the schema; its patterns, compiled, go into `patterns`. */
export function checkSchema(tree: SchemaTree, patterns: Map<string, Pattern>): readonly SchemaProblem[] {
  const problems: SchemaProblem[] = [];
  for (const { schema, at } of tree.nodes) {
    if (isObject(schema)) checkKeywords(schema, at, patterns, problems);
  }
  problems.push(...tree.problems);
  return problems.length > 0 ? problems : checkProgress(tree);
}

function checkKeywords(schema: JsonObject, at: Path, patterns: Map<string, Pattern>, problems: SchemaProblem[]): void {
  const add = (path: Path, message: string, hint: string | null = null) => {
    problems.push({ at: [...at, ...path], message, hint });
  };
  for (const [keyword, value] of Object.entries(schema)) {
    const shape = KEYWORDS.get(keyword);
    if (shape !== undefined) checkShape(keyword, shape, value, add);
  }
  if (typeof schema["pattern"] === "string") checkPattern(schema["pattern"], ["pattern"], patterns, add);
  const patternProperties = schema["patternProperties"];
  if (isObject(patternProperties)) {
    for (const pattern of Object.keys(patternProperties)) {
      checkPattern(pattern, ["patternProperties", pattern], patterns, add);
    }
  }
  checkValidators(schema, add);
}

type Add = (path: Path, message: string, hint?: string | null) => void;

function checkShape(keyword: string, shape: Shape, value: Json, add: Add): void {
  const expect = (path: Path, what: string, met: Json, hint: string | null = null) => {
    add([keyword, ...path], `Expected "${keyword}" to ${what}, but got ${show(met)}.`, hint);
  };
  switch (shape) {
    case "schema":
      if (!isSchema(value)) expect([], "be a schema", value, hintForSchema(keyword, value));
      return;
    case "list of schemas":
      if (!Array.isArray(value) || value.length === 0) {
        expect([], "be a list of at least one schema", value);
        return;
      }
      value.forEach((item: Json, index) => {
        if (!isSchema(item)) expect([index], "hold schemas only", item);
      });
      return;
    case "schemas by name":
    case "schema or names by name":
    case "names by name":
      if (!isObject(value)) {
        expect([], "be an object", value);
        return;
      }
      for (const [name, item] of Object.entries(value)) {
        const isFine =
          (shape !== "names by name" && isSchema(item)) || (shape !== "schemas by name" && isListOfNames(item));
        if (!isFine) expect([name], shape === "names by name" ? "hold lists of names" : "hold schemas only", item);
      }
      return;
    case "types":
      checkTypes(value, add);
      return;
    case "names":
      if (!isListOfNames(value)) expect([], "be a list of different property names", value, hintForRequired(value));
      return;
    case "count":
      if (typeof value !== "number" || !Number.isInteger(value) || value < 0)
        expect([], "be a whole number from 0", value);
      return;
    case "number":
      if (typeof value !== "number") expect([], "be a number", value);
      return;
    case "positive number":
      if (typeof value !== "number" || value <= 0) expect([], "be a number above 0", value);
      return;
    case "boolean":
      if (typeof value !== "boolean") expect([], "be true or false", value);
      return;
    case "text":
      if (typeof value !== "string") expect([], "be a string", value);
      return;
    case "list":
      if (!Array.isArray(value) || value.length === 0) expect([], "be a list of at least one value", value);
  }
}

function isListOfNames(value: Json): boolean {
  return (
    Array.isArray(value) && value.every((name) => typeof name === "string") && new Set(value).size === value.length
  );
}

function hintForSchema(keyword: string, value: Json): string | null {
  if (keyword === "items" && Array.isArray(value)) return 'One schema for each place of the array is "prefixItems".';
  if (typeof value === "string" && TYPES.includes(value)) return `Write { type: ${value} }.`;
  return null;
}

function hintForRequired(value: Json): string | null {
  return value === true ? 'Only a property under "properties" may say "required: true".' : null;
}

function checkTypes(value: Json, add: Add): void {
  const names: readonly Json[] = Array.isArray(value) ? value : [value];
  if (names.length === 0) add(["type"], 'Expected "type" to name at least one type, but the list is empty.');
  names.forEach((name, index) => {
    const path = Array.isArray(value) ? ["type", index] : ["type"];
    if (typeof name === "string" && TYPES.includes(name)) {
      if (names.indexOf(name) < index) add(path, `Expected each type once, but ${quote(name)} is there twice.`);
      return;
    }
    const near = typeof name === "string" ? (OTHER_NAMES.get(name.toLowerCase()) ?? nearest(name, TYPES)) : null;
    const message = `Expected "type" to be one of ${TYPES.join(", ")}, but got ${show(name)}.`;
    add(path, message, near === null ? null : `Did you mean "${near}"?`);
  });
}

/** What other languages call a type. */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  ["int", "integer"],
  ["long", "integer"],
  ["float", "number"],
  ["double", "number"],
  ["decimal", "number"],
  ["bool", "boolean"],
  ["text", "string"],
  ["str", "string"],
  ["date", "string"],
  ["list", "array"],
  ["map", "object"],
  ["dict", "object"],
  ["nil", "null"],
  ["none", "null"],
]);

function checkPattern(pattern: string, path: Path, patterns: Map<string, Pattern>, add: Add): void {
  if (patterns.has(pattern)) return;
  const parsed = parseRegex(pattern, "search");
  if (parsed.ok) patterns.set(pattern, parsed.regex);
  else add(path, parsed.message);
}

function checkValidators(schema: JsonObject, add: Add): void {
  const name = member(schema, "x-validator");
  if (name !== undefined && (typeof name !== "string" || !VALIDATORS.has(name))) {
    const near = typeof name === "string" ? nearest(name, VALIDATORS.keys()) : null;
    const message = `Expected "x-validator" to be one of ${[...VALIDATORS.keys()].join(", ")}, but got ${show(name)}.`;
    add(["x-validator"], message, near === null ? null : `Did you mean "${near}"?`);
  }
  const all = member(schema, "x-validators");
  if (!isObject(all)) return;
  for (const [validator, parameters] of Object.entries(all)) {
    for (const parameter of VALIDATORS.get(validator)?.parameters ?? []) {
      const value = isObject(parameters) ? member(parameters, parameter) : undefined;
      if (value === undefined || (Array.isArray(value) && value.every((item) => typeof item === "string"))) continue;
      add(
        ["x-validators", validator, parameter],
        `Expected "${parameter}" to be a list of strings, but got ${show(value)}.`,
      );
    }
  }
}

/**
 * That checking a value ends, and soon. A schema that comes back to itself without a step into the value would never end;
 * references that lead to several references each could take longer than anyone waits.
 */
function checkProgress(tree: SchemaTree): readonly SchemaProblem[] {
  const dynamicAnchors = dynamicAnchorsOf(tree);
  const reaches = new Map<SchemaNode, Reach | "open">();
  let problem: SchemaProblem | null = null;
  const refuse = (node: SchemaNode, but: string): Reach => {
    problem ??= { at: node.at, message: `Expected the references to come to an end, but ${but}.`, hint: null };
    return { checks: 1, chain: 1 };
  };
  const reachOf = (node: SchemaNode, depth: number): Reach => {
    const known = reaches.get(node);
    if (known === "open") return refuse(node, `"#${toPointer(node.at)}" leads back to itself`);
    if (known !== undefined) return known;
    if (depth > CHAIN_MAX) return refuse(node, `there are over ${CHAIN_MAX} in a row`);
    reaches.set(node, "open");
    let checks = 1;
    let chain = 0;
    for (const next of inPlaceOf(node, dynamicAnchors)) {
      if (problem !== null) break;
      const reach = reachOf(next, depth + 1);
      checks += reach.checks;
      chain = Math.max(chain, reach.chain);
    }
    if (chain >= CHAIN_MAX) refuse(node, `there are over ${CHAIN_MAX} in a row`);
    if (checks > CHECKS_PER_VALUE_MAX) refuse(node, "they multiply to over 100,000 schemas for one value");
    const reach = { checks, chain: chain + 1 };
    reaches.set(node, reach);
    return reach;
  };
  for (const node of tree.nodes) {
    if (problem !== null) return [problem];
    reachOf(node, 0);
  }
  return problem === null ? [] : [problem];
}

/** How many schemas speak of the value of a node, and how many of them at most in a row. */
interface Reach {
  readonly checks: number;
  readonly chain: number;
}

/** All nodes that a dynamic anchor may mean; which one it is depends on the way there. */
export function dynamicAnchorsOf(tree: SchemaTree): ReadonlyMap<string, readonly SchemaNode[]> {
  const found = new Map<string, SchemaNode[]>();
  for (const node of tree.nodes) {
    const anchor = isObject(node.schema) ? node.schema["$dynamicAnchor"] : undefined;
    if (typeof anchor !== "string") continue;
    const others = found.get(anchor);
    if (others === undefined) found.set(anchor, [node]);
    else others.push(node);
  }
  return found;
}

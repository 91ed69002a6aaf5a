/**
 * Holds a tree against the table of fields: what is missing, unknown or of the wrong kind is reported, and every
 * expression, template, schema and duration on the way is compiled once for those who come after.
 */

import { parseDuration } from "../../base/duration.ts";
import { quote } from "../../base/text.ts";
import type { Facts } from "../diagnostics/facts.ts";
import { WORKFLOW } from "../document-fields.ts";
import type { Field, FieldKind } from "../fields.ts";
import type { Outline, OutlineStep } from "../outline.ts";
import type { MapNode, Node } from "../parse/node.ts";
import { field, scalar, text } from "../parse/node.ts";
import type { Parts } from "../parts.ts";
import type { Report } from "../report.ts";
import type { StepType } from "../step-fields.ts";
import { STEP_FIELDS, STEP_TYPES, stepFields } from "../step-fields.ts";
import { describe, describeNode, fits } from "./kinds.ts";
import type { LeafReader, Where } from "./leaves.ts";
import { createLeafReader } from "./leaves.ts";
import { nearestTo } from "./nearest.ts";

/** Checks the shape of a workflow and of all its steps. */
export function checkShape(outline: Outline, report: Report): Parts {
  const leaves = createLeafReader(report);
  const checker = createChecker(report, leaves);
  checker.check(outline.tree, WORKFLOW, { step: null, fields: [], owner: "a workflow" });
  for (const step of outline.steps) checker.checkStep(step, outline);
  return leaves.parts;
}

/** Checks the shape of a document without steps. */
export function checkDocumentShape(tree: MapNode, kind: FieldKind, report: Report): Parts {
  const leaves = createLeafReader(report);
  createChecker(report, leaves).check(tree, kind, { step: null, fields: [], owner: "the document" });
  return leaves.parts;
}

interface Checker {
  check(node: Node, kind: FieldKind, where: Where): void;
  checkStep(step: OutlineStep, outline: Outline): void;
}

type ObjectKind = Extract<FieldKind, { is: "object" }>;

function createChecker(report: Report, leaves: LeafReader): Checker {
  function add<C extends keyof Facts>(code: C, facts: Facts[C], node: Node, where: Where): void {
    report.add(code, facts, node.place, where.step?.name);
  }

  function wrongType(node: Node, expected: string, where: Where): void {
    add("field-type", { field: nameOf(where), expected, met: describeNode(node) }, node, where);
  }

  function check(node: Node, kind: FieldKind, where: Where): void {
    if (kind.is === "either") {
      const fitting = kind.of.find((each) => fits(node, each)) ?? kind.of.find((each) => isNear(node, each));
      if (fitting === undefined) wrongType(node, describe(kind), where);
      else check(node, fitting, where);
      return;
    }
    if (kind.is === "choice") return checkChoice(node, kind.of, where);
    if (kind.is === "duration") return checkDuration(node, where);
    if (kind.is === "steps") return checkSteps(node, where);
    // A condition that is written as something else, and a version written as a number, have words of their own.
    if (!fits(node, kind)) return wrongType(node, describe(kind), where);
    switch (kind.is) {
      case "text":
        return checkLength(node, (text(node) ?? "").length, kind.lengthMax, "characters", where);
      case "integer":
      case "number":
        return checkRange(node, kind, where);
      case "version":
        if (!isVersion(scalar(node))) add("version-invalid", { version: plain(node) }, node, where);
        return;
      case "schema":
        return leaves.readSchema(node, where);
      case "condition":
        return leaves.readCondition(node, where);
      case "path":
        return leaves.readPath(node, where);
      case "pattern":
        return leaves.readPattern(node, where);
      case "value":
      case "mapping":
        return leaves.readValue(node, where);
      case "sql":
        if (/(?<!\$)\$\{/.test(text(node) ?? "")) add("sql-template", {}, node, where);
        return;
      case "object":
        if (node.kind === "map") checkObject(node, kind, where);
        return;
      case "list":
        if (node.kind !== "list") return;
        checkLength(node, node.items.length, kind.lengthMax, "entries", where);
        for (const item of node.items) check(item, kind.of, where);
        return;
      case "map":
        if (node.kind !== "map") return;
        for (const { value } of node.entries.values()) check(value, kind.of, where);
        return;
      default:
        return;
    }
  }

  function checkChoice(node: Node, choices: readonly string[], where: Where): void {
    const met = scalar(node);
    if (typeof met !== "string") return wrongType(node, choices.join(", "), where);
    if (choices.includes(met)) return;
    add(
      "field-choice",
      { field: nameOf(where), choices, met, nearest: nearestTo(met, () => choices, report) },
      node,
      where,
    );
  }

  function checkDuration(node: Node, where: Where): void {
    const written = scalar(node);
    const ms = typeof written === "string" || typeof written === "number" ? parseDuration(written) : null;
    if (ms !== null) leaves.parts.durations.set(node, ms);
    else add("duration-invalid", { field: nameOf(where), met: plain(node) }, node, where);
  }

  function checkRange(node: Node, kind: { readonly min?: number; readonly max?: number }, where: Where): void {
    const value = Number(scalar(node));
    const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = kind;
    if (value >= min && value <= max) return;
    const expected = max === Number.POSITIVE_INFINITY ? `at least ${min}` : `from ${min} to ${max}`;
    add("field-range", { field: nameOf(where), expected, met: value }, node, where);
  }

  function checkLength(node: Node, met: number, max: number | undefined, unit: string, where: Where): void {
    if (max !== undefined && met > max) add("field-length", { field: nameOf(where), max, met, unit }, node, where);
  }

  /** The steps themselves are looked at one by one, from the outline. */
  function checkSteps(node: Node, where: Where): void {
    if (node.kind !== "list") return wrongType(node, "a list of steps", where);
    // Elsewhere an empty list is a way to say that nothing is done.
    const isWhole = where.step === null && where.fields.join(".") === "spec.steps";
    if (node.items.length === 0 && isWhole) add("steps-empty", { owner: "a workflow" }, node, where);
    for (const item of node.items) {
      if (item.kind !== "map")
        add("field-type", { field: nameOf(where), expected: "a list of steps", met: describeNode(item) }, item, where);
    }
  }

  function checkObject(node: MapNode, kind: ObjectKind, where: Where): void {
    for (const each of kind.fields) {
      const entry = node.entries.get(each.name);
      if (entry === undefined || isAbsent(entry.value, each.kind)) {
        if (each.required === true)
          report.add("field-missing", { field: each.name, owner: ownerOf(where) }, headOf(node), where.step?.name);
      } else check(entry.value, each.kind, below(where, each.name));
    }
    const known = new Map(kind.fields.map((each) => [each.name, each]));
    for (const [name, entry] of node.entries) {
      if (!known.has(name) && !name.startsWith("x-")) checkUnknown(name, entry.key, kind, where);
    }
  }

  function checkUnknown(name: string, place: Node["place"], kind: ObjectKind, where: Where): void {
    const nearest = nearestTo(name, () => kind.fields.map((each) => each.name), report);
    const owner = ownerOf(where);
    if (kind.isOpen !== true) {
      const elsewhere = where.type === undefined ? null : typeWith(name);
      report.add("field-unknown", { field: name, owner, nearest, elsewhere }, place, where.step?.name);
    } else if (nearest !== null && where.type === undefined) {
      report.add("field-doubtful", { field: name, owner, nearest }, place, where.step?.name);
    }
  }

  function checkStep(step: OutlineStep, outline: Outline): void {
    const owner = step.name === "" ? "the step" : `step ${quote(step.name)}`;
    const type = STEP_TYPES.get(step.type);
    if (type !== undefined) {
      return checkObject(
        step.node,
        { is: "object", fields: fieldsFor(step, type) },
        { step, fields: [], owner, type: step.type },
      );
    }
    const node = field(step.node, "type");
    if (node !== undefined && text(node) !== undefined) {
      const known = () => [...STEP_TYPES.keys(), ...outline.includes.keys()];
      const facts = { step: step.name, type: step.type, nearest: nearestTo(step.type, known, report) };
      report.add("type-unknown", facts, node.place, step.name);
    }
    // What fields an unknown type has is unknown too; the common ones are checked as always.
    checkObject(step.node, { is: "object", fields: STEP_FIELDS, isOpen: true }, { step, fields: [], owner, type: "" });
  }

  return { check, checkStep };
}

/** In our own language the expression of a transform is a value like any other; in others it is a program's text. */
function fieldsFor(step: OutlineStep, type: StepType): readonly Field[] {
  const fields = stepFields(type);
  if (type.name !== "transform" || text(field(step.node, "language")) !== "expression") return fields;
  return fields.map((each) => (each.name === "expression" ? { ...each, kind: { is: "value" } } : each));
}

/** Nothing written after the name of a field is the same as no field, except where null is a value. */
function isAbsent(node: Node, kind: FieldKind): boolean {
  return node.kind === "scalar" && node.value === null && kind.is !== "value" && kind.is !== "any";
}

/** Whether the node is at least of the right sort, so that the kind's own complaint helps more than a general one. */
function isNear(node: Node, kind: FieldKind): boolean {
  const value = scalar(node);
  if (kind.is === "choice" || kind.is === "duration") return typeof value === "string";
  if (kind.is === "integer") return typeof value === "number";
  return false;
}

const VERSION =
  /^[vV]?(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-(0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(\.(0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$/;

/** By the grammar of semver.org, a leading v allowed. */
function isVersion(written: unknown): boolean {
  return typeof written === "string" && written.length <= 200 && VERSION.test(written);
}

/** A missing field is told at the first line of the object that misses it. */
function headOf(node: MapNode): Node["place"] {
  const [first] = node.entries.values();
  return { ...node.place, end: first?.key.end ?? node.place.start };
}

function nameOf(where: Where): string {
  return where.fields.at(-1) ?? "the document";
}

function ownerOf(where: Where): string {
  const [last] = where.fields.slice(-1);
  if (last === undefined) return where.owner;
  return where.step === null ? quote(last) : `${quote(last)} of ${where.owner}`;
}

function below(where: Where, name: string): Where {
  const { step, owner } = where;
  return { step, owner, fields: [...where.fields, name] };
}

function plain(node: Node): string {
  const value = scalar(node);
  return value === undefined ? describeNode(node) : String(value);
}

/** The only step type that has a field of this name, for people who mixed two up. */
function typeWith(name: string): string | null {
  const types = [...STEP_TYPES.values()].filter((type) => type.fields.some((each: Field) => each.name === name));
  return types.length === 1 ? (types[0]?.name ?? null) : null;
}

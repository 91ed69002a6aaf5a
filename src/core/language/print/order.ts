/**
 * The order of fields in the canonical form: that of the table of fields, and what nobody knows after it.
 *
 * In a step, what it is comes first, then what its type needs, then what may be said of any step; the lists of steps that
 * it holds come last, so that nothing which belongs to the step stands below a screen of others.
 */

import { fits } from "../check/kinds.ts";
import { WORKFLOW, WORKFLOW_CONTEXT, WORKFLOW_TEST } from "../document-fields.ts";
import type { Field, FieldKind } from "../fields.ts";
import type { Entry, MapNode, Node } from "../parse/node.ts";
import { field, text } from "../parse/node.ts";
import { STEP_FIELDS, STEP_TYPES, stepFields } from "../step-fields.ts";

/** A document of a kind that the table does not know is given back as it is. */
export function orderFields(tree: MapNode): MapNode {
  const kind = DOCUMENTS.get(text(field(tree, "kind")) ?? "");
  return kind?.is === "object" ? orderObject(tree, kind.fields) : tree;
}

const DOCUMENTS: ReadonlyMap<string, FieldKind> = new Map([
  ["Workflow", WORKFLOW],
  ["WorkflowContext", WORKFLOW_CONTEXT],
  ["WorkflowTest", WORKFLOW_TEST],
]);

function orderNode(node: Node, kind: FieldKind): Node {
  switch (kind.is) {
    case "either": {
      const fitting = kind.of.find((each) => fits(node, each));
      return fitting === undefined ? node : orderNode(node, fitting);
    }
    case "object":
      return node.kind === "map" ? orderObject(node, kind.fields) : node;
    case "step":
      return node.kind === "map" ? orderObject(node, fieldsOfStep(node)) : node;
    case "steps":
      return orderItems(node, { is: "step" });
    case "list":
      return orderItems(node, kind.of);
    case "map":
      return node.kind === "map" ? withValues(node, (value) => orderNode(value, kind.of)) : node;
    default:
      return node;
  }
}

/** An unknown type has at least the common fields. */
function fieldsOfStep(step: MapNode): readonly Field[] {
  const type = STEP_TYPES.get(text(field(step, "type")) ?? "");
  return type === undefined ? STEP_FIELDS : stepFields(type);
}

function orderItems(node: Node, kind: FieldKind): Node {
  return node.kind === "list" ? { ...node, items: node.items.map((item) => orderNode(item, kind)) } : node;
}

function orderObject(node: MapNode, fields: readonly Field[]): MapNode {
  const kinds = new Map(fields.map((each) => [each.name, each.kind]));
  const inside = withValues(node, (value, name) => {
    const kind = kinds.get(name);
    if (kind === undefined) return value;
    // The steps of an error rule: names, or steps written out.
    const isMixed = name === "steps" && kind.is === "any";
    return orderNode(value, isMixed ? { is: "steps" } : kind);
  });
  return { ...inside, entries: ordered(inside.entries, fields) };
}

function withValues(node: MapNode, change: (value: Node, name: string) => Node): MapNode {
  const entries = [...node.entries].map(([name, entry]): [string, Entry] => [
    name,
    { ...entry, value: change(entry.value, name) },
  ]);
  return { ...node, entries: new Map(entries) };
}

const HEAD = ["name", "type", "description", "when", "depends_on", "join"];

const COMMON: ReadonlySet<string> = new Set(STEP_FIELDS.map(({ name }) => name));

function ordered(entries: ReadonlyMap<string, Entry>, fields: readonly Field[]): ReadonlyMap<string, Entry> {
  const isStep = fields.some(({ name }) => name === "on_failure") && fields.some(({ name }) => name === "depends_on");
  const place = new Map(fields.map(({ name }, index) => [name, index]));
  const kinds = new Map(fields.map(({ name, kind }) => [name, kind]));
  const group = (name: string, { value }: Entry) => {
    const kind = kinds.get(name);
    if (kind === undefined) return LAST;
    if (!isStep) return 0;
    if (HEAD.includes(name)) return HEAD.indexOf(name);
    // The name of a step is as short as any other field; only steps that are written out go down.
    if (holdsSteps(kind) && value.kind !== "scalar") return HEAD.length + 2;
    return HEAD.length + (COMMON.has(name) ? 1 : 0);
  };
  const rank = ([name, entry]: [string, Entry]) => group(name, entry) * fields.length + (place.get(name) ?? 0);
  // Sorting is stable: fields that are not known keep the order in which they were written.
  return new Map([...entries].sort((a, b) => rank(a) - rank(b)));
}

/** Comes after every group. */
const LAST = HEAD.length + 3;

function holdsSteps(kind: FieldKind): boolean {
  switch (kind.is) {
    case "steps":
    case "step":
      return true;
    case "list":
      return holdsSteps(kind.of);
    case "either":
      return kind.of.some(holdsSteps);
    case "object":
      return kind.fields.some((each) => holdsSteps(each.kind));
    default:
      return false;
  }
}

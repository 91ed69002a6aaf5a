/** Walks a canonical tree along the table of fields, for whoever rewrites it by what a field is and not by its name. */

import { fits } from "../check/kinds.ts";
import type { Field, FieldKind } from "../fields.ts";
import { STEP_FIELDS, STEP_TYPES, stepFields, WORKFLOW, WORKFLOW_CONTEXT, WORKFLOW_TEST } from "../fields.ts";
import type { Entry, MapNode, Node, ScalarNode } from "./node.ts";
import { field, text } from "./node.ts";

export interface Rewrite {
  /** The entries of an object whose fields the table knows, their values already rewritten. */
  object?(entries: ReadonlyMap<string, Entry>, fields: readonly Field[]): ReadonlyMap<string, Entry>;
  duration?(node: ScalarNode): ScalarNode;
}

/** A document of a kind that the table does not know is given back as it is. */
export function rewriteByKind(tree: MapNode, rewrite: Rewrite): MapNode {
  const kind = DOCUMENTS.get(text(field(tree, "kind")) ?? "");
  return kind === undefined ? tree : (rewriteNode(tree, kind, rewrite) as MapNode);
}

const DOCUMENTS: ReadonlyMap<string, FieldKind> = new Map([
  ["Workflow", WORKFLOW],
  ["WorkflowContext", WORKFLOW_CONTEXT],
  ["WorkflowTest", WORKFLOW_TEST],
]);

function rewriteNode(node: Node, kind: FieldKind, rewrite: Rewrite): Node {
  switch (kind.is) {
    case "either": {
      const fitting = kind.of.find((each) => fits(node, each));
      return fitting === undefined ? node : rewriteNode(node, fitting, rewrite);
    }
    case "duration":
      return node.kind === "scalar" && rewrite.duration !== undefined ? rewrite.duration(node) : node;
    case "object":
      return node.kind === "map" ? rewriteObject(node, kind.fields, rewrite) : node;
    case "step":
      return node.kind === "map" ? rewriteObject(node, fieldsOfStep(node), rewrite) : node;
    case "steps":
      return rewriteItems(node, { is: "step" }, rewrite);
    case "list":
      return rewriteItems(node, kind.of, rewrite);
    case "map":
      return node.kind === "map" ? withValues(node, (value) => rewriteNode(value, kind.of, rewrite)) : node;
    default:
      return node;
  }
}

/** An unknown type has at least the common fields. */
function fieldsOfStep(step: MapNode): readonly Field[] {
  const type = STEP_TYPES.get(text(field(step, "type")) ?? "");
  return type === undefined ? STEP_FIELDS : stepFields(type);
}

function rewriteObject(node: MapNode, fields: readonly Field[], rewrite: Rewrite): MapNode {
  const kinds = new Map(fields.map((each) => [each.name, each.kind]));
  const rewritten = withValues(node, (value, name) => {
    const kind = kinds.get(name);
    if (kind === undefined) return value;
    // The steps of an error rule: names, or steps written out.
    const isMixed = name === "steps" && kind.is === "any";
    return rewriteNode(value, isMixed ? { is: "steps" } : kind, rewrite);
  });
  return rewrite.object === undefined
    ? rewritten
    : { ...rewritten, entries: rewrite.object(rewritten.entries, fields) };
}

function rewriteItems(node: Node, kind: FieldKind, rewrite: Rewrite): Node {
  return node.kind === "list" ? { ...node, items: node.items.map((item) => rewriteNode(item, kind, rewrite)) } : node;
}

function withValues(node: MapNode, change: (value: Node, name: string) => Node): MapNode {
  const entries = [...node.entries].map(([name, entry]): [string, Entry] => [
    name,
    { ...entry, value: change(entry.value, name) },
  ]);
  return { ...node, entries: new Map(entries) };
}

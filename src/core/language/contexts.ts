/**
 * Brings the schemas of WorkflowContext documents into their workflows.
 *
 * A context belongs to the workflow that its `spec.workflow` names; else to the one of its own name, with or without
 * `-context`; else to the only workflow there is.
 */

import { equals } from "../base/json.ts";
import type { DocumentTree } from "./documents.ts";
import type { MapNode } from "./parse/node.ts";
import { field, text, toJson, withFields } from "./parse/node.ts";

const SCHEMAS = ["input_schema", "output_schema"] as const;

export function mergeContexts(
  workflows: readonly DocumentTree[],
  contexts: readonly DocumentTree[],
): readonly DocumentTree[] {
  const merged = [...workflows];
  for (const context of contexts) {
    const owners = ownersOf(context, workflows);
    if (owners.length === 0) reportUnowned(context);
    for (const owner of owners) {
      const at = workflows.indexOf(owner);
      merged[at] = mergeInto(merged[at] ?? owner, context);
    }
  }
  return merged;
}

/** Several where a workflow is given in several versions: they share the context. */
function ownersOf(context: DocumentTree, workflows: readonly DocumentTree[]): readonly DocumentTree[] {
  const named = text(field(field(context.tree, "spec"), "workflow"));
  if (named !== undefined) return workflows.filter((workflow) => nameOf(workflow) === named);
  const name = nameOf(context);
  const byName = workflows.filter(
    (workflow) => nameOf(workflow) === name || nameOf(workflow) === name.replace(/-context$/, ""),
  );
  if (byName.length > 0) return byName;
  const ofSameFile = workflows.filter((workflow) => workflow.source === context.source);
  if (ofSameFile.length === 1) return ofSameFile;
  return workflows.length === 1 ? workflows : [];
}

function nameOf(document: DocumentTree): string {
  return text(field(field(document.tree, "metadata"), "name")) ?? "";
}

function reportUnowned(context: DocumentTree): void {
  const named = field(field(context.tree, "spec"), "workflow");
  const place = named?.place ?? field(field(context.tree, "metadata"), "name")?.place ?? context.tree.place;
  context.report.add("context-unowned", { context: nameOf(context), workflow: text(named) ?? null }, place);
}

function mergeInto(workflow: DocumentTree, context: DocumentTree): DocumentTree {
  const spec = field(workflow.tree, "spec");
  if (spec?.kind !== "map") return workflow;
  let merged: MapNode = spec;
  for (const name of SCHEMAS) {
    const given = field(field(context.tree, "spec"), name);
    const own = field(merged, name);
    if (given === undefined) continue;
    if (own === undefined) merged = withFields(merged, { [name]: given });
    else if (!equals(toJson(own), toJson(given))) {
      workflow.report.add("context-conflict", { field: name, workflow: nameOf(workflow) }, given.place);
    }
  }
  return { ...workflow, tree: withFields(workflow.tree, { spec: merged }) };
}

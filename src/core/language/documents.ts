/** Splits a text into its documents, says what each is, and brings it into canonical form. */

import { describeNode } from "./check/kinds.ts";
import { nearestTo } from "./check/nearest.ts";
import { checkDocumentShape } from "./check/shape.ts";
import { KINDS, WORKFLOW_CONTEXT, WORKFLOW_TEST } from "./document-fields.ts";
import type { MapNode } from "./parse/node.ts";
import { field, text } from "./parse/node.ts";
import { normalise } from "./parse/normalise.ts";
import type { Tree } from "./parse/read.ts";
import { readTrees } from "./parse/read.ts";
import type { Report } from "./report.ts";

export interface DocumentTree {
  readonly kind: "Workflow" | "WorkflowContext" | "WorkflowTest";
  /** In canonical form. */
  readonly tree: MapNode;
  /** What is found in this document. */
  readonly report: Report;
  readonly source: { readonly file: string | null; readonly text: string };
}

/** What cannot be ascribed to a document goes to `general`. */
export function readDocuments(source: DocumentTree["source"], general: Report): readonly DocumentTree[] {
  const before = general.diagnostics.length;
  const trees = readTrees(source.file, source.text, general);
  if (trees.length === 0 && general.diagnostics.length === before) {
    const place = { source: { ...source, lineStarts: [0] }, start: 0, end: 0, path: "" };
    general.add("text-empty", {}, place);
  }
  return trees.flatMap((tree) => readDocument(tree, source, general) ?? []);
}

function readDocument(
  { node: tree, report }: Tree,
  source: DocumentTree["source"],
  general: Report,
): DocumentTree | null {
  if (tree.kind !== "map") {
    general.include(report);
    general.add("document-not-object", { met: describeNode(tree) }, tree.place);
    return null;
  }
  const kind = field(tree, "kind");
  const name = text(kind);
  if (name === undefined) {
    general.include(report);
    const head = [...tree.entries.values()][0]?.key ?? tree.place;
    general.add("field-missing", { field: "kind", owner: "the document" }, head);
    return null;
  }
  switch (name) {
    case "Workflow":
      return { kind: name, tree: normalise(tree, report), report, source };
    case "WorkflowContext":
    case "WorkflowTest": {
      const canonical = normalise(tree, report);
      checkDocumentShape(canonical, name === "WorkflowTest" ? WORKFLOW_TEST : WORKFLOW_CONTEXT, report);
      return { kind: name, tree: canonical, report, source };
    }
    default:
      general.include(report);
      general.add(
        "kind-unknown",
        { kind: name, nearest: nearestTo(name, () => KINDS, general) },
        kind?.place ?? tree.place,
      );
      return null;
  }
}
